import type { Written } from '../sources/source.ts';
import type { Format, Sink, SinkCounts } from './sink.ts';

const NOTHING: Written = { made: 0, written: 0 };

/** What all sinks have in common that take what comes, hold nothing back and write no lines: they stand beside the main output. */
export abstract class Onlooker
  implements Pick<Sink, 'name' | 'backlogged' | 'full' | 'flush' | 'written' | 'counts' | 'stop'>
{
  readonly name: Format = 'json';
  readonly backlogged: boolean = false;
  readonly full: boolean = false;

  flush(): void {}

  written(): Written {
    return NOTHING;
  }

  counts(): SinkCounts {
    return { lines: 0, bytes: 0, lost: 0 };
  }

  stop(): void {}
}
