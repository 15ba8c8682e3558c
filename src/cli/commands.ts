import type { Command } from 'commander';
import { allowCommand } from './allow.ts';
import { blockCommand } from './block.ts';
import { explainCommand } from './explain.ts';
import { pluginsCommand } from './plugins.ts';
import { readCommand } from './read.ts';
import { releaseCommand } from './release.ts';
import { socketsCommand } from './sockets.ts';
import { statesCommand } from './states.ts';
import { queryCommand } from './query.ts';
import { statusCommand } from './status.ts';
import { topCommand } from './top.ts';
import { traceCommand } from './trace.ts';
import { watchCommand } from './watch.ts';

/** All of them, in the order in which `--help` tells them. */
export function commands(): Command[] {
  return [
    watchCommand(),
    readCommand(),
    queryCommand(),
    blockCommand(),
    allowCommand(),
    statusCommand(),
    pluginsCommand(),
    releaseCommand(),
    socketsCommand(),
    topCommand(),
    statesCommand(),
    explainCommand(),
    traceCommand(),
  ];
}
