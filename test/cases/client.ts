/** Somebody who talks to this host: with a TCP of its own, or by raw packets. */
import { SYN_OPTIONS, Tcp } from '../support/frames.ts';
import type { Address } from './case.ts';
import { after, HOST, HOST6 } from './host.ts';
import type { Scene } from './scene.ts';
import type { Segment } from './segment.ts';

export type Outcome = 'opened' | 'refused' | 'silent';

export interface Connect {
  /** The host's first address of the client's family unless given. */
  readonly dst?: Address;
  readonly srcPort?: number;
  /** How long the connection stays open. */
  readonly holdMs?: number;
  readonly end?: 'fin' | 'rst';
  /** SYNs at most, Linux's tcp_syn_retries and one. */
  readonly tries?: number;
  /** Called once the outcome is known. */
  readonly told?: (outcome: Outcome) => void;
}

export class Client {
  readonly address: Address;
  readonly #scene: Scene;
  readonly #rttMs: number;
  #port: number;

  constructor(scene: Scene, address: Address, rttMs = 20) {
    this.#scene = scene;
    this.address = address;
    this.#rttMs = rttMs;
    this.#port = scene.random.between(32768, 60999);
  }

  /** The next ephemeral port (Linux's ip_local_port_range). */
  nextPort(): number {
    this.#port = this.#port === 60999 ? 32768 : this.#port + 1;
    return this.#port;
  }

  /** Connects as a program does: retransmits when nobody answers, sends a request, closes. */
  connect(port: number, options: Connect = {}): void {
    const syn = {
      ...this.#segment(port, Tcp.SYN, options),
      tcpOptions: SYN_OPTIONS,
    };
    this.#try(syn, 1, options);
  }

  /** A half-open check or scan: a SYN; when it is answered, an RST. */
  halfOpen(port: number, options: Connect = {}): Outcome {
    const syn = { ...this.#segment(port, Tcp.SYN, options), tcpOptions: MSS };
    const answer = this.#scene.host.receive(syn);
    if (!answer) return 'silent';
    if (answer.flags & Tcp.RST) return 'refused';
    const seq = after(syn);
    this.#scene.after(this.#rttMs, () => {
      this.#scene.host.receive({ ...bare(syn), flags: Tcp.RST, seq });
    });
    return 'opened';
  }

  /** One segment with these flags; what comes back is nobody's business. */
  probe(port: number, flags: number, options: Connect = {}): Segment | undefined {
    const ack = flags & Tcp.ACK ? this.#scene.random.word() : 0;
    return this.#scene.host.receive({ ...this.#segment(port, flags, options), ack });
  }

  /** A segment that was made elsewhere, half a round trip from now. */
  later(segment: Segment): void {
    this.#scene.after(this.#rttMs, () => this.#scene.host.receive(segment));
  }

  udp(dstPort: number, options: { srcPort?: number; payload?: Uint8Array } = {}): boolean {
    const { srcPort = this.nextPort(), payload = Buffer.alloc(40) } = options;
    const datagram = { src: this.address, dst: this.#home, srcPort, dstPort, payload };
    return this.#scene.host.receiveUdp(datagram) === 'unreachable';
  }

  get #home(): Address {
    return this.address.includes(':') ? HOST6 : HOST;
  }

  #segment(dstPort: number, flags: number, { dst, srcPort }: Connect): Segment {
    return {
      src: this.address,
      dst: dst ?? this.#home,
      srcPort: srcPort ?? this.nextPort(),
      dstPort,
      flags,
      seq: this.#scene.random.word(),
      ack: 0,
    };
  }

  #try(syn: Segment, tries: number, options: Connect): void {
    const answer = this.#scene.host.receive(syn);
    if (answer) {
      if (answer.flags & Tcp.RST) options.told?.('refused');
      else this.#scene.after(this.#rttMs, () => this.#opened(syn, answer, options));
      return;
    }
    if (tries === (options.tries ?? 7)) {
      options.told?.('silent');
      return;
    }
    // 1, 3, 7, 15, 31 and 63 s after the first (RFC 6298)
    this.#scene.after(1000 * 2 ** (tries - 1), () => this.#try(syn, tries + 1, options));
  }

  #opened(syn: Segment, answer: Segment, options: Connect): void {
    const { host } = this.#scene;
    const ack = { ...bare(syn), flags: Tcp.ACK, seq: after(syn), ack: after(answer) };
    host.receive(ack);
    const request = { ...ack, flags: Tcp.PSH | Tcp.ACK, payload: REQUEST };
    host.receive(request);
    options.told?.('opened');
    this.#scene.after(options.holdMs ?? 200, () => this.#end(request, options.end ?? 'fin'));
  }

  #end(last: Segment, how: 'fin' | 'rst'): void {
    const { host } = this.#scene;
    const { payload: _, ...rest } = last;
    const fin = { ...rest, flags: how === 'fin' ? Tcp.FIN | Tcp.ACK : Tcp.RST, seq: after(last) };
    const answer = host.receive(fin);
    if (!answer) return;
    this.later({ ...rest, flags: Tcp.ACK, seq: after(fin), ack: after(answer) });
  }
}

/** Of nmap's SYNs. */
export const MSS: Buffer = Buffer.from('020405b4', 'hex');
const REQUEST = Buffer.from('GET / HTTP/1.1\r\n\r\n');

/** A segment's ends without what it carries. */
function bare({ src, dst, srcPort, dstPort }: Segment): Segment {
  return { src, dst, srcPort, dstPort, flags: 0, seq: 0, ack: 0 };
}
