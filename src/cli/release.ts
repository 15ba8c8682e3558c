import { Command } from 'commander';
import { Pins } from '../kernel/pins.ts';
import { ask } from './ask.ts';

/** `packetwatch release`. */
export function releaseCommand(): Command {
  return new Command('release')
    .description('detach and unpin everything of packetwatch in this network namespace; blocks end')
    .action(async () => {
      const answer = await ask('release');
      if (answer !== undefined) {
        process.stderr.write('packetwatch: the running program detaches everything and ends\n');
        return;
      }
      const count = new Pins().release();
      process.stderr.write(
        count === 0
          ? 'packetwatch: nothing was pinned\n'
          : `packetwatch: released ${count} pinned objects\n`,
      );
    });
}
