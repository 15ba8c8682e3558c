/**
 * This host as its packets show it: a small Linux with open, closed and filtered ports. Its initial sequence numbers
 * are made of the 4-tuple as SYN cookies are, so half-open handshakes need no memory and no SYN+ACK is sent twice.
 */
import { SYN_OPTIONS, Tcp, udpFrame } from '../support/frames.ts';
import type { Address } from './case.ts';
import { type Segment, segmentFrame } from './segment.ts';
import { Unreachables } from './unreachables.ts';
import type { Wire } from './wire.ts';

const { ACK, FIN, RST, SYN } = Tcp;

/** The host's own addresses; the first is the one that clients know. */
export const LOCAL4: readonly Address[] = Array.from({ length: 20 }, (_, i) => `10.0.0.${5 + i}`);
export const LOCAL6: readonly Address[] = Array.from(
  { length: 20 },
  (_, i) => `2001:db8:5::${(5 + i).toString(16)}`,
);
export const HOST: Address = LOCAL4[0]!;
export const HOST6: Address = LOCAL6[0]!;

/** Filtered: a firewall behind us drops what comes, in silence. */
export type PortState = 'open' | 'closed' | 'filtered';

export interface Datagram {
  readonly src: Address;
  readonly dst: Address;
  readonly srcPort: number;
  readonly dstPort: number;
  readonly payload?: Uint8Array;
}

/** A connection by the number of its 4-tuple; `next` is the sequence number of what we send next. */
interface Connection {
  next: number;
  state: 'syn-sent' | 'established' | 'closing';
}

export class Host {
  /** Of TCP ports without a state of their own. */
  otherwise: PortState = 'closed';
  readonly #wire: Wire;
  readonly #tcp = new Map<number, PortState>();
  readonly #udp = new Map<number, PortState>();
  readonly #connections = new Map<number, Connection>();
  readonly #unreachables: Unreachables;

  constructor(wire: Wire) {
    this.#wire = wire;
    this.#unreachables = new Unreachables(wire);
  }

  set(state: PortState, ...ports: readonly number[]): void {
    for (const port of ports) this.#tcp.set(port, state);
  }

  setUdp(state: PortState, ...ports: readonly number[]): void {
    for (const port of ports) this.#udp.set(port, state);
  }

  /** A segment arrives; returns what the host answers, already sent. */
  receive(segment: Segment): Segment | undefined {
    this.#wire.arrive(segmentFrame(segment));
    return this.answer(segment);
  }

  /** The same for a segment whose frames, its fragments, have arrived already. */
  answer(segment: Segment): Segment | undefined {
    const state = this.#tcp.get(segment.dstPort) ?? this.otherwise;
    if (state === 'filtered') return undefined;
    const number = tupleNumber(segment.src, segment.srcPort, segment.dst, segment.dstPort);
    const connection = this.#connections.get(number);
    if (connection) return this.#inConnection(segment, number, connection);
    const { flags, ack } = segment;
    if (flags & RST) return undefined;
    if (flags & ACK) {
      if (state === 'open' && flags === ACK && ack === next(number))
        return this.#open(segment, number);
      return this.#reply(segment, RST, ack, 0); // RFC 9293 3.10.7.1
    }
    if (state === 'closed') return this.#reply(segment, RST | ACK, 0, after(segment));
    // Linux drops SYN+FIN, and whatever is neither SYN nor ACK, at a listener (tcp_rcv_state_process).
    if ((flags & (SYN | FIN)) !== SYN) return undefined;
    return this.#reply(segment, SYN | ACK, number, after(segment));
  }

  /** Our own SYN; a SYN+ACK to it that arrives later is answered by an ACK. */
  dial(src: Address, srcPort: number, dst: Address, dstPort: number): Segment {
    const number = tupleNumber(dst, dstPort, src, srcPort);
    this.#connections.set(number, { next: next(number), state: 'syn-sent' });
    const [flags, tcpOptions] = [SYN, SYN_OPTIONS];
    return this.#send({ src, srcPort, dst, dstPort, flags, seq: number, ack: 0, tcpOptions });
  }

  /** Closes one of our connections, begun by whomever; `from` is the peer's last segment. */
  close(from: Segment, how: 'fin' | 'rst'): Segment | undefined {
    const number = tupleNumber(from.src, from.srcPort, from.dst, from.dstPort);
    const connection = this.#connections.get(number);
    if (!connection) return undefined;
    const { next: seq } = connection;
    if (how === 'rst') this.#connections.delete(number);
    else {
      connection.state = 'closing';
      connection.next = next(seq);
    }
    const flags = ACK | (how === 'fin' ? FIN : RST);
    return this.#reply(from, flags, seq, after(from));
  }

  /** A datagram arrives; one to a closed port is answered by ICMP as far as Linux's rate limit lets it. */
  receiveUdp(datagram: Datagram): 'unreachable' | 'silence' {
    const frame = udpFrame(datagram);
    this.#wire.arrive(frame);
    if ((this.#udp.get(datagram.dstPort) ?? 'closed') !== 'closed') return 'silence';
    return this.#unreachables.answer(datagram.dst, datagram.src, frame) ? 'unreachable' : 'silence';
  }

  sendUdp(datagram: Datagram): void {
    this.#wire.leave(udpFrame(datagram));
  }

  #open(segment: Segment, number: number): undefined {
    const { src, srcPort, dst, dstPort, seq, ack } = segment;
    this.#connections.set(number, { next: ack, state: 'established' });
    this.#wire.opened({ src, srcPort, dst, dstPort, isn: (seq - 1) >>> 0 });
  }

  #inConnection(segment: Segment, number: number, connection: Connection): Segment | undefined {
    const { flags } = segment;
    if (flags & RST) {
      this.#connections.delete(number);
      return undefined;
    }
    if (connection.state === 'syn-sent') {
      connection.state = 'established';
      return this.#reply(segment, ACK, connection.next, after(segment));
    }
    if (connection.state === 'closing') {
      this.#connections.delete(number);
      if (!(flags & FIN)) return undefined;
    } else if (flags & FIN) {
      return this.close(segment, 'fin');
    }
    if (after(segment) === segment.seq) return undefined;
    return this.#reply(segment, ACK, connection.next, after(segment));
  }

  #reply(to: Segment, flags: number, seq: number, ack: number): Segment {
    const { src: dst, dst: src, srcPort: dstPort, dstPort: srcPort } = to;
    return this.#send({ src, srcPort, dst, dstPort, flags, seq, ack });
  }

  #send(segment: Segment): Segment {
    this.#wire.leave(segmentFrame(segment));
    return segment;
  }
}

/** The sequence number after all of a segment; SYN and FIN take one each. */
export function after({ flags, seq, payload }: Segment): number {
  const taken = (flags & SYN ? 1 : 0) + (flags & FIN ? 1 : 0) + (payload?.length ?? 0);
  return (seq + taken) >>> 0;
}

function next(seq: number): number {
  return (seq + 1) >>> 0;
}

/** FNV-1a of the 4-tuple: our initial sequence number, and the connection's name. */
function tupleNumber(src: Address, srcPort: number, dst: Address, dstPort: number): number {
  let hash = fnv(fnv(0x811c9dc5, src), dst);
  hash = Math.imul(hash ^ srcPort, 0x01000193);
  hash = Math.imul(hash ^ dstPort, 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function fnv(start: number, text: string): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
