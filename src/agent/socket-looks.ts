import type { SocketQuestion } from '../api/program.ts';
import type { Sockets } from '../model/sockets.ts';
import { SocketOwners } from '../sources/socket-owners.ts';
import { socketsNow } from './sockets.ts';

/** So long it is believed whose a socket is: finding out looks into every process. */
const OWNERS_MS = 5000;

/** Looks at sockets for who asks again and again: one at a time, while the watching goes on. */
export class SocketLooks {
  #last: Promise<unknown> = Promise.resolve();
  #owners = new SocketOwners();
  #ownersMs = -Infinity;

  look(asked: SocketQuestion): Promise<Sockets> {
    const next = this.#last.then(() => this.#look(asked));
    this.#last = next.catch(() => {});
    return next;
  }

  #look(asked: SocketQuestion): Promise<Sockets> {
    const nowMs = performance.now();
    if (nowMs - this.#ownersMs > OWNERS_MS) {
      this.#owners = new SocketOwners();
      this.#ownersMs = nowMs;
    }
    return socketsNow(asked, this.#owners);
  }
}
