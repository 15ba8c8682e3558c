/** Memory and the store answer alike, and as the lines were. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ALL_EVENTS } from '../../src/model/events.ts';
import { JsonSink } from '../../src/sinks/json.ts';
import { MemoryHistory } from '../../src/store/memory-history.ts';
import { Store, STORE_DEFAULTS } from '../../src/store/store.ts';
import { until } from '../support/command.ts';
import { MAIN } from '../support/rig.ts';
import { storeMissing } from '../support/store.ts';
import { historySuite } from './history.ts';

historySuite(
  'in memory',
  (telling) => {
    const history = new MemoryHistory({ ...telling, seed: 1 });
    return {
      sink: history,
      history,
      settle: () => Promise.resolve(),
      close: () => Promise.resolve(),
    };
  },
  { keepsPackets: false },
);

historySuite(
  'in a store',
  ({ clock, names, host }) => {
    const directory = mkdtempSync(join(tmpdir(), 'packetwatch-history-'));
    const store = new Store({ directory, program: MAIN, retention: STORE_DEFAULTS }, (line) => {
      throw new Error(line);
    });
    store.start();
    return {
      sink: new JsonSink({ output: store.queue, clock, names, host, events: ALL_EVENTS }),
      history: store.history,
      settle: async () => {
        await until('everything is stored', () => {
          store.look(true);
          return store.queue.waiting === 0 ? true : undefined;
        });
      },
      close: async () => {
        await store.stop();
        rmSync(directory, { recursive: true });
      },
    };
  },
  { keepsPackets: true, missing: storeMissing() },
);
