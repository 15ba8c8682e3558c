import type { Written } from '../sources/source.ts';
import type { LineBuffer } from './output.ts';
import type { Sink, SinkCounts } from './sink.ts';

/** What all sinks that write lines to an output have in common: how that output does. */
export abstract class Lines
  implements Pick<Sink, 'backlogged' | 'full' | 'flush' | 'written' | 'counts' | 'stop'>
{
  protected readonly output: LineBuffer;

  constructor(output: LineBuffer) {
    this.output = output;
  }

  get backlogged(): boolean {
    return this.output.backlogged;
  }

  get full(): boolean {
    return this.output.full;
  }

  flush(): void {
    this.output.flush();
  }

  written(): Written {
    return this.output.progress();
  }

  counts(): SinkCounts {
    return this.output.counts();
  }

  /** What is written from here on goes into another file: writes what this one ends with. */
  endFile(): void {}

  stop(): void {
    this.output.flush();
  }
}
