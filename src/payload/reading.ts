/**
 * What a reader says of the first bytes of one direction. Anything above `done` is a number of bytes, from the first
 * on: before there are so many it would say the same again.
 *
 * A reader writes to the metadata only what further bytes can't change. It is asked a last time with `last` set when
 * no more bytes will come, and then tells what is there; it never throws and never reads outside of what it is given.
 */
export const Reading = {
  /** Not its protocol. */
  unlike: -1,
  /** All is told. */
  done: 0,
} as const;

/**
 * How many bytes to wait for where a message doesn't say its length: a quarter more, so that a message that comes byte
 * by byte is looked at some thirty times and not once for each.
 * @param length bytes that are there
 */
export function someMore(length: number): number {
  return length + 1 + (length >> 2);
}
