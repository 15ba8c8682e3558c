/** Somebody whom this host calls. */
import { SYN_OPTIONS, Tcp } from '../support/frames.ts';
import type { Address } from './case.ts';
import { after } from './host.ts';
import type { Scene } from './scene.ts';
import type { Segment } from './segment.ts';

export interface Call {
  /**
   * `close`: we close once the answer is there · `abort`: we reset it instead, and what the server had sent by then
   * comes late · `refused`: nobody listens · `silent`: nothing comes back
   */
  readonly how?: 'close' | 'abort' | 'refused' | 'silent';
  readonly holdMs?: number;
}

export class Server {
  readonly #scene: Scene;
  readonly #address: Address;
  readonly #rttMs: number;

  constructor(scene: Scene, address: Address, rttMs = 20) {
    this.#scene = scene;
    this.#address = address;
    this.#rttMs = rttMs;
  }

  /** This host connects to it, from `srcPort` to `port`. */
  called(src: Address, srcPort: number, port: number, call: Call = {}): void {
    const { how = 'close' } = call;
    const syn = this.#scene.host.dial(src, srcPort, this.#address, port);
    if (how === 'silent') return;
    const { host, random } = this.#scene;
    const back: Segment = {
      src: this.#address,
      dst: src,
      srcPort: port,
      dstPort: srcPort,
      flags: how === 'refused' ? Tcp.RST | Tcp.ACK : Tcp.SYN | Tcp.ACK,
      seq: how === 'refused' ? 0 : random.word(),
      ack: after(syn),
    };
    this.#scene.after(this.#rttMs, () => {
      host.receive(how === 'refused' ? back : { ...back, tcpOptions: SYN_OPTIONS });
      if (how !== 'refused') this.#talk(back, how, call.holdMs ?? 200);
    });
  }

  #talk(answered: Segment, how: 'close' | 'abort', holdMs: number): void {
    const { host } = this.#scene;
    const flags = Tcp.PSH | Tcp.ACK;
    const data: Segment = { ...answered, flags, seq: after(answered), payload: DATA };
    this.#scene.after(this.#rttMs, () => host.receive(data));
    this.#scene.after(this.#rttMs + holdMs, () => {
      const end = host.close({ ...data, flags: Tcp.ACK, seq: after(data) }, endOf[how]);
      if (!end) return;
      const more = { ...data, seq: after(data) };
      const { payload: _, ...fin } = { ...more, flags: Tcp.FIN | Tcp.ACK, ack: after(end) };
      this.#scene.after(this.#rttMs, () => host.receive(how === 'close' ? fin : more));
      // It did not know yet: its own close comes late as well.
      if (how === 'abort')
        this.#scene.after(this.#rttMs + 1, () => host.receive({ ...fin, seq: after(more) }));
    });
  }
}

const endOf = { close: 'fin', abort: 'rst' } as const;
const DATA = Buffer.alloc(64, 'd');
