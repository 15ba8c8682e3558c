import { writeSync } from 'node:fs';
import { terminalLine } from '../sinks/escape.ts';

// Looked at once, so that a pipe or socket there doesn't block; its errors are those of `tell`.
process.stderr.on('error', () => {});

/**
 * Tells the operator a line on standard error. A line that can't be written is dropped, and the next one is tried
 * again: whoever closed it, or let its disk fill up, must not end the program. Node's own stream would.
 */
export function tell(line: string): void {
  try {
    const lines = line.split('\n').map(terminalLine); // a stack has several
    writeSync(2, `packetwatch: ${lines.join('\n')}\n`);
  } catch {
    // There is nobody to tell.
  }
}
