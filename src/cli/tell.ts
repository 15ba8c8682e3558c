import { writeSync } from 'node:fs';
import { Progress } from '../agent/progress.ts';
import { terminalLine } from '../sinks/escape.ts';

// Looked at once, so that a pipe or socket there doesn't block; its errors are those of `tell`.
process.stderr.on('error', () => {});

/**
 * Tells the operator a line on standard error. A line that can't be written is dropped, and the next one is tried
 * again: whoever closed it, or let its disk fill up, must not end the program. Node's own stream would.
 */
export function tell(line: string): void {
  try {
    writeSync(2, `packetwatch: ${terminalLine(line)}\n`);
  } catch {
    // There is nobody to tell.
  }
}

/** A bar for who waits at a terminal; undefined: nobody does. */
export function progress(): Progress | undefined {
  return process.stderr.isTTY ? new Progress(draw, process.stdout.isTTY) : undefined;
}

/** A terminal that is gone takes no bar. */
function draw(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // There is nobody to see it.
  }
}
