/** Datagrams of netlink(7): messages one behind the other, each with a head of its own. Pure. */

/** Bytes of struct nlmsghdr. */
export const MESSAGE = 16;
/** Flags of a request for all that there is: NLM_F_REQUEST | NLM_F_DUMP. */
export const DUMP = 0x301;

const NOOP = 1;
const ERROR = 2;
const DONE = 3;
const OVERRUN = 4;
/** NLM_F_DUMP_INTR: what is dumped changed meanwhile. */
const INTERRUPTED = 0x10;

/** What a datagram says besides its messages. */
export interface Walked {
  /** A message was malformed, or the kernel says that some are missing: what is known may be wrong. */
  readonly bad: boolean;
  /** The end of a dump. */
  readonly done: boolean;
  /** errno of a request that was refused; 0: none was. */
  readonly error: number;
}

/**
 * Walks over the messages of a datagram, up to the first that is malformed.
 * @param onMessage takes the type and where the body lies; false: it is malformed
 */
export function walkMessages(
  bytes: Uint8Array,
  onMessage: (type: number, from: number, to: number) => boolean,
): Walked {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let bad = false;
  let done = false;
  let error = 0;
  for (let at = 0; at < bytes.length && !bad; ) {
    const length = at + MESSAGE <= bytes.length ? view.getUint32(at, true) : 0;
    if (length < MESSAGE || at + length > bytes.length) {
      bad = true;
      break;
    }
    const type = view.getUint16(at + 4, true);
    if ((view.getUint16(at + 6, true) & INTERRUPTED) !== 0 || type === OVERRUN) bad = true;
    else if (type === DONE) done = true;
    else if (type === ERROR && length >= MESSAGE + 4) error = -view.getInt32(at + MESSAGE, true);
    else if (type > NOOP) bad = !onMessage(type, at + MESSAGE, at + length);
    at += (length + 3) & ~3;
  }
  return { bad, done, error };
}
