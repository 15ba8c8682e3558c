/** What each segment makes of the phases of both ends. */
import { TcpFlag } from '../packet/tcp.ts';
import type { Arrival } from './arrival.ts';
import { addLetter, Letter } from './history.ts';
import { Phase, phaseBefore, phaseOf, setPhase } from './phase.ts';
import { End, Mark } from './row.ts';
import type { TrackTable } from './table.ts';

/** Goes on by the segment's flags; sets its `closes`. */
export function goOn(table: TrackTable, segment: Arrival): void {
  switch (phaseOf(table, segment.from)) {
    case Phase.inactive:
      first(table, segment);
      return;
    case Phase.synSent:
    case Phase.synAckSent:
      opening(table, segment);
      return;
    case Phase.established:
    case Phase.partial:
      established(table, segment);
      return;
    case Phase.closed:
      // once both have sent a FIN, a reset changes nothing
      if ((segment.flags & TcpFlag.rst) === 0 || phaseOf(table, segment.to) === Phase.closed)
        return;
      setPhase(table, segment.from, Phase.reset);
      segment.closes = true;
  }
}

/** The first segment of its end. */
function first(table: TrackTable, segment: Arrival): void {
  const { from, to, flags, row } = segment;
  if ((flags & TcpFlag.syn) !== 0) {
    if (segment.fromOrig)
      setPhase(table, from, (flags & TcpFlag.ack) === 0 ? Phase.synSent : Phase.synAckSent);
    else answered(table, segment);
  }
  if ((flags & TcpFlag.fin) !== 0) {
    setPhase(table, segment.from, Phase.closed);
    segment.closes = true;
  }
  if ((flags & TcpFlag.rst) !== 0) {
    setPhase(table, segment.from, Phase.reset);
    segment.closes = true;
  }
  if (phaseOf(table, segment.from) !== Phase.inactive) return;
  const peer = phaseOf(table, to);
  // some hosts acknowledge a SYN before they answer it
  if (!segment.fromOrig && segment.length === 0 && peer === Phase.synSent) return;
  if ((flags & TcpFlag.ack) !== 0 && peer === Phase.established) {
    setPhase(table, from, Phase.established); // only its SYN is missing
    table.unmark(row, Mark.partial);
    table.mark(row, segment.fromOrig ? Mark.seenOrig : Mark.seenResp);
  } else setPhase(table, from, Phase.partial);
}

/** The responder's first segment is a SYN, with or without ACK. */
function answered(table: TrackTable, segment: Arrival): void {
  const { flags, row } = segment;
  const reversed =
    (flags & TcpFlag.ack) === 0 &&
    phaseOf(table, segment.to) === Phase.synAckSent &&
    segment.seq === table.words[segment.from + End.start];
  if (reversed) {
    // the SYN was captured after its SYN+ACK
    table.unmark(row, Mark.partial);
    segment.flip(table);
    addLetter(table, segment.base, Letter.flipped);
    setPhase(table, segment.to, Phase.established);
    table.mark(row, Mark.seenOrig);
  }
  if (phaseOf(table, segment.to) === Phase.synSent) setPhase(table, segment.to, Phase.established);
  setPhase(table, segment.from, Phase.established);
}

function opening(table: TrackTable, segment: Arrival): void {
  if ((segment.flags & TcpFlag.fin) !== 0) {
    setPhase(table, segment.from, Phase.closed);
    segment.closes = true;
  }
  if ((segment.flags & TcpFlag.rst) !== 0) {
    setPhase(table, segment.from, Phase.reset);
    table.mark(segment.row, Mark.settled);
    segment.closes = true;
  }
}

function established(table: TrackTable, segment: Arrival): void {
  const { from, to, flags } = segment;
  const isSyn = (flags & (TcpFlag.syn | TcpFlag.ack)) === TcpFlag.syn;
  if (isSyn && phaseOf(table, from) === Phase.partial && phaseOf(table, to) === Phase.inactive)
    setPhase(table, from, Phase.synSent);
  if ((flags & TcpFlag.rst) !== 0) {
    setPhase(table, from, Phase.reset);
    segment.closes = true;
  } else if ((flags & TcpFlag.fin) !== 0) {
    setPhase(table, from, Phase.closed);
    // a FIN and then a reset of the other end was a normal close after all
    if (phaseOf(table, to) === Phase.reset && phaseBefore(table, to) === Phase.closed)
      setPhase(table, to, Phase.closed);
    segment.closes = true;
  }
}
