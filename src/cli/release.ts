import { Command } from 'commander';
import { ask, NoAnswer } from '../agent/ask.ts';
import { sweepGone } from '../agent/sweep.ts';
import { releaseNft } from '../guard/nft.ts';
import { TABLE } from '../guard/nft-script.ts';
import { Pins } from '../kernel/pins.ts';
import { tell } from './tell.ts';

/** `packetwatch release`. */
export function releaseCommand(): Command {
  return new Command('release')
    .description('detach and unpin everything of packetwatch in this network namespace; blocks end')
    .action(async () => {
      const asked = await askRelease();
      if (asked === 'releases') {
        tell('the running program detaches everything and ends');
        return;
      }
      // Where a user has a place of its own root may have left something in the host's all the same.
      const places = process.geteuid!() === 0 ? [new Pins(), Pins.ofHost()] : [new Pins()];
      const count = places.reduce((n, pins) => n + pins.release() + Number(pins.dropAllowed()), 0);
      const gone = sweepGone();
      const done = [
        ...(count > 0 ? [`released ${count} pinned objects`] : []),
        ...(gone > 0 ? [`released what was left of ${gone} network namespaces that are gone`] : []),
        ...(releaseNft() ? [`deleted the table ${TABLE} of the firewall`] : []),
      ];
      tell(done.join(', ') || 'nothing was pinned');
      if (asked)
        tell(
          `process ${asked.pid} does not answer and still has its programs on sockets: \`kill -9 ${asked.pid}\` ends it; \`kill -CONT ${asked.pid}\` would make it pin everything again`,
        );
    });
}

/** The running program does it; undefined: there is none; or there is one that doesn't answer. */
async function askRelease(): Promise<'releases' | NoAnswer | undefined> {
  try {
    return (await ask('release')) === undefined ? undefined : 'releases';
  } catch (error) {
    if (error instanceof NoAnswer) return error;
    throw error;
  }
}
