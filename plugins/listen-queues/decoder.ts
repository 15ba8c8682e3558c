import { readFileSync } from 'node:fs';
import type { CreateDecoder, Decoder, PluginHost, PutMetric } from '../../src/plugins/decoder.ts';
import { endpointOf, type Listener, LISTENER_BYTES, readListener } from './listener.ts';
import { type Change, fullness, Pressure } from './pressure.ts';

const MAX_LISTENERS = 4096;
/** Listeners of one read: the kernel stops there and walks no connections; with 16,000 of them that is 0.1 ms, not 120. */
const READ_BYTES = 32 * LISTENER_BYTES;

/** Looks at the queues of all listeners once a second. */
class ListenQueues implements Decoder {
  readonly #host: PluginHost;
  readonly #pressure = new Pressure(MAX_LISTENERS);

  constructor(host: PluginHost) {
    this.#host = host;
    // Who listens already; who begins to is seen by the tracepoint.
    host.iterate('iter/task_file', READ_BYTES, () => true);
  }

  tick(nowNs: number): void {
    for (const change of this.#pressure.look(this.#listeners(), nowNs)) this.#tell(change);
  }

  metrics(put: PutMetric): void {
    const { listeners, pressed, dropped, unfollowed } = this.#pressure;
    const full = listeners.map(fullness);
    const name = (end: string) => `packetwatch_plugin_listen_queues_${end}`;
    put(name('listeners'), listeners.length + unfollowed);
    put(name('pressed'), pressed);
    for (const queue of ['accept', 'syn'] as const) {
      put(name('waiting'), sum(listeners.map((listener) => listener[queue])), { queue });
      put(name('fullest_ratio'), Math.max(0, ...full.map((one) => one[queue])), { queue });
    }
    put(name('dropped_total'), dropped);
    put(name('unfollowed'), unfollowed);
    const { drops, overflows } = netstat();
    put(name('netstat_total'), drops, { counter: 'drops' });
    put(name('netstat_total'), overflows, { counter: 'overflows' });
  }

  #listeners(): Listener[] {
    const found: Listener[] = [];
    this.#host.iterate('iter/tcp', READ_BYTES, (chunk) => {
      for (let at = 0; at + LISTENER_BYTES <= chunk.length; at += LISTENER_BYTES) {
        const listener = readListener(chunk, at);
        if (!listener) return false;
        found.push(listener);
      }
      return true;
    });
    return found;
  }

  #tell({ state, listener, dropped, most, durationNs, closed }: Change): void {
    const { ip, port, process, pid, uid, accept, limit, syn } = listener;
    const who = pid === 0 ? '' : ` ${process}[${pid}]`;
    const where = `${endpointOf(listener)}${who}`;
    const seconds = Math.round(durationNs / 1e6) / 1e3;
    const fields = {
      state,
      ip,
      port,
      uid,
      accept_queue: accept,
      accept_limit: limit,
      syn_queue: syn,
      dropped,
      ...(pid === 0 ? {} : { pid, process }),
    };
    if (state === 'start')
      this.#host.event(
        'listen.pressure',
        `Listen queue fills up: ${where}: ${accept} of ${limit} wait to be accepted, ${syn} in their handshake, ${dropped} dropped`,
        fields,
      );
    else
      this.#host.event(
        'listen.pressure',
        `Listen queue is calm: ${where}${closed ? ', closed' : ''}: at most ${most} of ${limit} waited, ${dropped} dropped in ${seconds}s`,
        { ...fields, most_waiting: most, duration_s: seconds, closed },
      );
  }
}

/** ListenDrops and ListenOverflows of this network namespace. */
function netstat(): { drops: number; overflows: number } {
  const lines = readFileSync('/proc/net/netstat', 'latin1').split('\n');
  const [names, values] = lines
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '));
  const of = (name: string) => Number(values?.[names?.indexOf(name) ?? -1] ?? 0);
  return { drops: of('ListenDrops'), overflows: of('ListenOverflows') };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

const create: CreateDecoder = (host) => new ListenQueues(host);
export default create;
