import { isV4 } from '../wire/address.ts';
import { MemInfo, type SocketRow } from './row.ts';

/** What is kept of a socket that listens. */
export interface ListenRow {
  readonly inode: number;
  readonly cookie: string;
  readonly uid: number;
  readonly acceptQueue: number;
  readonly acceptLimit: number;
  readonly drops: number;
}

/** The sockets that listen on one address, port and interface; several share it by SO_REUSEPORT. */
export class ListenPort {
  readonly address: Uint8Array;
  readonly port: number;
  /** 0: any interface. */
  readonly ifindex: number;
  readonly v6Only: boolean;
  readonly sockets: ListenRow[] = [];
  /** Handshakes that wait for their last ACK. */
  handshakes = 0;
  /** Inodes of its connections; 0: no process has it. */
  readonly connections: number[] = [];

  constructor(row: SocketRow) {
    this.address = row.local.slice();
    this.port = row.localPort;
    this.ifindex = row.ifindex;
    this.v6Only = row.v6Only;
  }
}

/** All ports that are listened on. */
export class Listening {
  readonly #byPort = new Map<number, ListenPort[]>();

  /** Takes a socket that listens. */
  add(row: SocketRow): void {
    const there = this.#byPort.get(row.localPort) ?? [];
    this.#byPort.set(row.localPort, there);
    let port = there.find(
      ({ address, ifindex }) => ifindex === row.ifindex && isSame(address, row.local),
    );
    if (!port) there.push((port = new ListenPort(row)));
    port.sockets.push({
      inode: row.inode,
      cookie: cookieOf(row),
      uid: row.uid,
      acceptQueue: row.receiveQueue,
      acceptLimit: row.sendQueue,
      drops: row.memory(MemInfo.drops),
    });
  }

  all(): ListenPort[] {
    return [...this.#byPort.values()].flat();
  }

  /** Whose connection is it, or handshake? The one that the kernel would choose; undefined: nobody's. */
  find(row: SocketRow): ListenPort | undefined {
    let best: ListenPort | undefined;
    let most = 0;
    for (const port of this.#byPort.get(row.localPort) ?? []) {
      const score = scoreOf(port, row);
      if (score > most) [best, most] = [port, score];
    }
    return best;
  }
}

/** As compute_score() of the kernel: the address counts most, then the interface, then the family; 0: not its. */
function scoreOf(port: ListenPort, row: SocketRow): number {
  if (port.ifindex !== 0 && port.ifindex !== row.ifindex) return 0;
  const bound = port.ifindex === 0 ? 0 : 2;
  if (isSame(port.address, row.local)) return 5 + bound;
  if (!isAny(port.address)) return 0;
  if (isV4(port.address) === isV4(row.local)) return 2 + bound;
  return isV4(port.address) || port.v6Only ? 0 : 1 + bound;
}

/** Is it `0.0.0.0` or `::`? */
function isAny(address: Uint8Array): boolean {
  return address.every((byte, at) => byte === 0 || (byte === 0xff && (at === 10 || at === 11)));
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 15; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}

/** The kernel's number of a socket, 16 hex digits. */
export function cookieOf({ cookie }: SocketRow): string {
  return cookie.toString(16).padStart(16, '0');
}
