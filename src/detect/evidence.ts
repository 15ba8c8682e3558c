import { Answer } from '../flow/flow.ts';
import { AnswerNotes } from '../flow/answer-notes.ts';
import { type IcmpMessage, parseUnreachable } from '../packet/icmp.ts';
import { Protocol } from '../packet/ip.ts';
import { Layers, Parsed } from '../packet/layers.ts';
import { DST, PacketHead, SRC } from '../packet/packet-head.ts';
import { Segment, TcpFlag } from '../packet/tcp.ts';
import { Datagram } from '../packet/udp.ts';
import { ScanKind } from '../wire/layout.gen.ts';
import { endHash, Lately } from './lately.ts';
import { Touch, touchOf } from './touch.ts';

/** What became of a port that a source touched by a SYN. */
export const Became = {
  /** SYN+ACK, or a refusal of what was open lately: no evidence. */
  answered: 1,
  /** RST or ICMP unreachable. */
  closed: 2,
  /** The source reset the handshake. */
  halfOpen: 3,
  opened: 4,
} as const;
export type Became = (typeof Became)[keyof typeof Became];

/** Told what packets say of a source. `head` has both ends, the source as src, and is another one's afterwards. */
export interface EvidenceTaker {
  /** It touched a port of dst. @param scan one of ScanKind; VERTICAL: by a SYN */
  touched(scan: number, head: PacketHead, port: number, nowNs: number): void;
  /** Something became of its SYN to a port of dst. */
  became(what: Became, head: PacketHead, port: number, nowNs: number): void;
}

/** Linux' first port for its own connections: segments to these and up are those of an old connection. */
const EPHEMERAL = 32_768;
/** Services answer from ports below: a late answer of DNS is no probe. */
const PRIVILEGED = 1024;
/** traceroute(8) begins here and goes up by one with each probe. */
const TRACEROUTE = 33_434;
const TRACEROUTE_PORTS = 101;
/** An answer to a datagram that comes later answers nothing; four minutes are twice the MSL of RFC 9293. */
const UDP_PEER_S = 60;
const TCP_PEER_S = 240;
/** A port that refuses and was open lately is a service that restarts. */
const OPEN_LATELY_S = 3600;
/** Codes of destination unreachable: the port is. */
const PORT_UNREACHABLE = { icmp: 3, icmp6: 4 } as const;

const { fin, syn, rst, ack } = TcpFlag;

/**
 * What the packets of a capture say about who scans: the same as the guard (bpf/guard.h) and egress (bpf/egress.h) see
 * them at the host that is scanned, for every address at once, since a capture doesn't tell whose host it is of. Each
 * packet leaves its source and comes to its destination.
 *
 * What only the host knows isn't seen: on which ports something listens. In its place stand ports that have answered
 * within the hour, and ends that acknowledged something to each other within four minutes.
 * Memory is fixed; **Invariant:** it never reads a clock.
 */
export class Evidence {
  readonly #taker: EvidenceTaker;
  /** Handshakes are credited to their source. */
  readonly #credits: boolean;
  readonly #head: PacketHead = new PacketHead();
  /** What an ICMP message quotes. */
  readonly #quoted: Layers = new Layers();
  /** Of what is quoted. */
  readonly #segment: Segment = new Segment();
  readonly #datagram: Datagram = new Datagram();
  /** SYN+ACKs by their attempts' ids. */
  readonly #answers: AnswerNotes = new AnswerNotes();
  /** What is refused without being an attempt, by the number in the RST that answers it. */
  readonly #scatters: AnswerNotes = new AnswerNotes();
  /** SYN+ACKs by what acknowledges them. */
  readonly #awaited: AnswerNotes = new AnswerNotes();
  readonly #opens: Lately = new Lately();
  readonly #tcpPeers: Lately = new Lately();
  readonly #udpPeers: Lately = new Lately();

  /** @param credits tell of completed handshakes, which costs a look at every segment */
  constructor(taker: EvidenceTaker, credits: boolean) {
    this.#taker = taker;
    this.#credits = credits;
  }

  /** Takes a TCP segment, whole as far as its header goes. */
  segment(layers: Layers, segment: Segment, nowNs: number): void {
    const touch = touchOf(segment.flags);
    this.#head.time(nowNs);
    if (touch === 0) {
      if ((segment.flags & rst) === 0) this.#within(layers, segment, nowNs);
      else if ((segment.flags & (syn | ack | rst | fin)) === (rst | ack) && segment.seq === 0)
        this.#refused(layers, segment, nowNs);
    } else if (touch === Touch.synAck) this.#answered(layers, segment, nowNs);
    else if (touch === Touch.reset) this.#reset(layers, segment, nowNs);
    else this.#touched(touch, layers, segment, nowNs);
  }

  /** Takes a first fragment that has the ports of TCP but not the flags (RFC 1858); whoever gets it puts it together. */
  fragment(layers: Layers, nowNs: number): void {
    if (this.#datagram.readQuoted(layers) !== Parsed.ok) return;
    this.#head.time(nowNs);
    this.#head.ends(layers, this.#datagram, false);
    this.#taker.touched(ScanKind.FRAGMENT, this.#head, this.#datagram.dstPort, nowNs);
  }

  /** Takes a UDP datagram: an answer to it is expected. */
  datagram(layers: Layers, datagram: Datagram, nowNs: number): void {
    // of a service they are answers, and whoever asks it could excuse himself
    if (datagram.srcPort < EPHEMERAL) return;
    const { words } = this.#head;
    this.#head.ends(layers, datagram, false);
    this.#udpPeers.note(peerHash(words, SRC, DST, datagram.dstPort), secondsOf(nowNs));
  }

  /** Takes an ICMP message, which may refuse something. */
  message(layers: Layers, { code }: IcmpMessage, nowNs: number): void {
    const isV4 = layers.protocol === Protocol.icmp;
    const quoted = this.#quoted;
    quoted.copy(layers);
    if (parseUnreachable(quoted) !== Parsed.ok) return;
    this.#head.time(nowNs);
    if (quoted.protocol === Protocol.tcp) {
      const segment = this.#segment;
      if (segment.readQuoted(quoted) !== Parsed.ok || (segment.flags & (syn | ack)) !== syn) return;
      this.#head.ends(quoted, segment, false);
      this.#closed(segment.dstPort, nowNs);
    } else if (quoted.protocol === Protocol.udp) {
      if (code !== (isV4 ? PORT_UNREACHABLE.icmp : PORT_UNREACHABLE.icmp6)) return;
      if (this.#datagram.readQuoted(quoted) === Parsed.ok) this.#unreachable(quoted, nowNs);
    }
  }

  /** A SYN, or a segment that no peer sends. */
  #touched(scan: number, layers: Layers, segment: Segment, nowNs: number): void {
    const { flags, seq, dstPort } = segment;
    this.#head.ends(layers, segment, false);
    if (scan !== ScanKind.VERTICAL) {
      // what the RST will acknowledge that answers it: it refuses no attempt
      const taken = ((flags & fin) !== 0 ? 1 : 0) + ((flags & syn) !== 0 ? 1 : 0);
      this.#note(this.#scatters, seq + taken);
    }
    this.#taker.touched(scan, this.#head, dstPort, nowNs);
  }

  #answered(layers: Layers, segment: Segment, nowNs: number): void {
    const { seq, ack: acknowledged, srcPort } = segment;
    // where it comes to, it may be backscatter: the RST that answers it has this number
    this.#head.ends(layers, segment, false);
    this.#note(this.#scatters, acknowledged);
    this.#head.ends(layers, segment, true);
    if (this.#credits) this.#note(this.#awaited, seq + 1);
    this.#note(this.#answers, acknowledged - 1);
    this.#opens.note(endHash(this.#head.words, DST, srcPort, 0), secondsOf(nowNs));
    this.#taker.became(Became.answered, this.#head, srcPort, nowNs);
  }

  /** RFC 9293 3.10.7.1: sequence number zero answers a segment without ACK: a SYN, or one that no peer sends. */
  #refused(layers: Layers, segment: Segment, nowNs: number): void {
    this.#head.ends(layers, segment, true);
    if (this.#noteOf(this.#scatters, segment.ack) === Answer.none)
      this.#closed(segment.srcPort, nowNs);
  }

  /** The head is of who asked. */
  #closed(port: number, nowNs: number): void {
    const what = this.#wasOpen(port, nowNs) ? Became.answered : Became.closed;
    this.#taker.became(what, this.#head, port, nowNs);
  }

  /** RST without ACK: of who began a handshake, or in answer to a segment with ACK, whose number it has. */
  #reset(layers: Layers, segment: Segment, nowNs: number): void {
    const { seq, srcPort, dstPort } = segment;
    const head = this.#head;
    head.ends(layers, segment, true);
    const isExcused =
      srcPort >= EPHEMERAL ||
      this.#noteOf(this.#scatters, seq) !== Answer.none ||
      this.#tcpPeers.within(
        peerHash(head.words, DST, SRC, dstPort),
        secondsOf(nowNs),
        TCP_PEER_S,
      ) ||
      this.#wasOpen(srcPort, nowNs);
    if (!isExcused) this.#taker.touched(ScanKind.ACK, head, srcPort, nowNs);
    head.ends(layers, segment, false);
    if (this.#noteOf(this.#answers, seq - 1) !== Answer.synAck) return;
    this.#answers.note(head.idLow, head.idHigh, Answer.synAckThenReset);
    this.#taker.became(Became.halfOpen, head, dstPort, nowNs);
  }

  /** A segment of a connection. */
  #within(layers: Layers, segment: Segment, nowNs: number): void {
    const head = this.#head;
    head.ends(layers, segment, false);
    this.#tcpPeers.note(peerHash(head.words, SRC, DST, segment.dstPort), secondsOf(nowNs));
    if (!this.#credits || this.#noteOf(this.#awaited, segment.ack) !== Answer.synAck) return;
    this.#awaited.note(head.idLow, head.idHigh, Answer.none);
    this.#taker.became(Became.opened, head, segment.dstPort, nowNs);
  }

  /** A datagram was refused, which `layers` tells of. */
  #unreachable(layers: Layers, nowNs: number): void {
    const { srcPort, dstPort } = this.#datagram;
    const head = this.#head;
    head.ends(layers, this.#datagram, false);
    const isExcused =
      srcPort < PRIVILEGED ||
      (dstPort >= TRACEROUTE && dstPort < TRACEROUTE + TRACEROUTE_PORTS) ||
      this.#udpPeers.within(peerHash(head.words, DST, SRC, srcPort), secondsOf(nowNs), UDP_PEER_S);
    if (!isExcused) this.#taker.touched(ScanKind.UDP, head, dstPort, nowNs);
  }

  /** Has this port of the head's dst answered lately? */
  #wasOpen(port: number, nowNs: number): boolean {
    const hash = endHash(this.#head.words, DST, port, 0);
    return this.#opens.within(hash, secondsOf(nowNs), OPEN_LATELY_S);
  }

  /** Notes the head's ends with a number. */
  #note(notes: AnswerNotes, number: number): void {
    this.#head.identify(number);
    notes.note(this.#head.idLow, this.#head.idHigh, Answer.synAck);
  }

  /** What is noted of the head's ends with a number. */
  #noteOf(notes: AnswerNotes, number: number): number {
    this.#head.identify(number);
    return notes.of(this.#head.idLow, this.#head.idHigh);
  }
}

function secondsOf(nowNs: number): number {
  return Math.max(1, Math.floor(nowNs / 1e9));
}

/** Of the end at `peer` with that port, as the end at `own` remembers it. */
function peerHash(words: Uint32Array, own: number, peer: number, port: number): number {
  return endHash(words, peer, port, endHash(words, own, 0, 1));
}
