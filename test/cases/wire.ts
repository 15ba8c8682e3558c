import type { Opened } from './case.ts';

/** Where frames and handshakes are told, at the present moment. */
export interface Wire {
  readonly nowMs: number;
  /** A frame comes to this host. */
  arrive(frame: Uint8Array): void;
  /** A frame leaves this host. */
  leave(frame: Uint8Array): void;
  opened(connection: Opened): void;
}
