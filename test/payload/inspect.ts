import { createHash } from 'node:crypto';
import type { Metadata } from '../../src/model/metadata.ts';
import { Inspector } from '../../src/payload/inspector.ts';

export function sha256hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const inspector = new Inspector({ sha256hex });

/** What is said of a connection each direction of which came in one segment. */
export function inspect(originator: Uint8Array, responder: Uint8Array): Metadata | undefined {
  inspector.segment(0, true, 0, originator, 0, originator.length);
  inspector.segment(0, false, 0, responder, 0, responder.length);
  return inspector.take(0);
}
