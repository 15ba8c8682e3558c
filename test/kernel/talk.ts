import {
  ethernet,
  ip,
  Protocol,
  type Segment,
  Tcp,
  tcp,
  type TcpSpec,
  udp,
  unreachable,
} from '../support/frames.ts';
import {
  type HookName,
  type KernelRecord,
  type Rig,
  SCANNER,
  type Verdict,
  VICTIM,
} from './rig.ts';

/** Packets between a source and this host, as both ends send them; each returns what the guard made of it. */
export class Talk {
  readonly #rig: Rig;
  readonly #hook: HookName;
  readonly src: string;
  readonly dst: string;

  constructor(rig: Rig, hook: HookName, src: string = SCANNER, dst: string = VICTIM) {
    this.#rig = rig;
    this.#hook = hook;
    this.src = src;
    this.dst = dst;
  }

  /** A segment of the source. */
  send(port: number, spec: TcpSpec = {}): Verdict {
    return this.#rig.run(
      this.#hook,
      this.#in(tcp({ srcPort: 40000, dstPort: port, seq: ISN, ...spec })),
    );
  }

  /** A SYN, and the host's RST if the guard let it pass: a closed port. */
  closed(port: number): Verdict {
    const verdict = this.send(port);
    if (verdict === 'pass') this.answer(port, { flags: Tcp.RST | Tcp.ACK, ack: ISN + 1 });
    return verdict;
  }

  /** A SYN and SYN+ACK: an open port. */
  answered(port: number): Verdict {
    const verdict = this.send(port);
    if (verdict === 'pass') this.answer(port, { flags: Tcp.SYN | Tcp.ACK, seq: 9, ack: ISN + 1 });
    return verdict;
  }

  /** A whole handshake. */
  connect(port: number): Verdict {
    const verdict = this.answered(port);
    if (verdict === 'pass') this.#rig.opened(this.src, this.dst, port);
    return verdict;
  }

  /** A half-open probe of an open port: SYN, SYN+ACK, RST. */
  halfOpen(port: number): Verdict {
    const verdict = this.answered(port);
    if (verdict === 'pass') this.send(port, { flags: Tcp.RST, seq: ISN + 1 });
    return verdict;
  }

  /** A segment with ACK that belongs to nothing, and the host's RST. */
  stray(port: number, flags: number = Tcp.ACK): Verdict {
    const verdict = this.send(port, { flags, ack: 7777 });
    if (verdict === 'pass') this.answer(port, { flags: Tcp.RST, seq: 7777 });
    return verdict;
  }

  /** A datagram to a closed port, and the host's ICMP port unreachable. */
  datagram(port: number, srcPort = 40000): Verdict {
    const segment = udp({ srcPort, dstPort: port });
    const verdict = this.#rig.run(this.#hook, this.#in(segment));
    if (verdict === 'pass') {
      const code = this.dst.includes(':') ? 4 : 3;
      const quoted = ip({ src: this.src, dst: this.dst }, segment);
      this.#rig.leave(this.#out(unreachable(quoted, code)));
    }
    return verdict;
  }

  /** A segment of this host. */
  answer(port: number, spec: TcpSpec): void {
    this.#rig.leave(this.#out(tcp({ srcPort: port, dstPort: 40000, seq: 0, ...spec })));
  }

  /** The first fragment of a SYN, `bytes` of it. */
  fragment(port: number, bytes: number): Verdict {
    const segment = tcp({ srcPort: 40000, dstPort: port });
    const fragment = { offset: 0, length: bytes, more: true };
    const packet = this.dst.includes(':')
      ? ip(
          {
            src: this.src,
            dst: this.dst,
            extensions: [{ protocol: Protocol.FRAGMENT, bytes: Buffer.alloc(8), fragment }],
          },
          segment,
        )
      : ip({ src: this.src, dst: this.dst, fragment }, segment);
    return this.#rig.run(this.#hook, ethernet(packet));
  }

  #in(segment: Segment): Buffer {
    return ethernet(ip({ src: this.src, dst: this.dst }, segment));
  }

  #out(segment: Segment): Buffer {
    return ethernet(ip({ src: this.dst, dst: this.src }, segment));
  }
}

/** The SCAN records that wait. */
export function scans(rig: Rig): KernelRecord[] {
  return rig.records().filter((record) => record.kind === 'SCAN');
}

const ISN = 1000;
