import { SystemError } from '../kernel/libc.ts';
import { NetlinkEvents } from '../kernel/netlink.ts';
import { Group } from '../kernel/rtnetlink.ts';

/** Datagrams read at one look; a router whose whole table changes has more, and the rest waits. */
const LOOK_LIMIT = 256;

/** Hears by rtnetlink(7) of gateways as they come. Where that is refused it hears nothing. */
export class RouteNews {
  #events: NetlinkEvents | undefined;

  start(): void {
    try {
      this.#events = new NetlinkEvents(Group.IPV4_ROUTE | Group.IPV6_ROUTE);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
    }
  }

  /** Did a route come whose gateway isn't known, or may one have? */
  heard(isKnown: (gateway: Uint8Array) => boolean): boolean {
    let found = false;
    for (let n = 0; this.#events && n < LOOK_LIMIT; n++) {
      const datagram = this.#events.next();
      if (!datagram) break;
      found ||= datagram.bad;
      for (const message of datagram.messages)
        if (message.what === 'route') found ||= !message.gateways.every(isKnown);
    }
    return found;
  }

  stop(): void {
    this.#events?.stop();
    this.#events = undefined;
  }
}
