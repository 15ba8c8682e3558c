import { Command } from 'commander';
import { releaseNft } from '../guard/nft.ts';
import { TABLE } from '../guard/nft-script.ts';
import { Pins } from '../kernel/pins.ts';
import { ask } from './ask.ts';
import { tell } from './tell.ts';

/** `packetwatch release`. */
export function releaseCommand(): Command {
  return new Command('release')
    .description('detach and unpin everything of packetwatch in this network namespace; blocks end')
    .action(async () => {
      const answer = await ask('release');
      if (answer !== undefined) {
        tell('the running program detaches everything and ends');
        return;
      }
      // Where a user has a place of its own root may have left something in the host's all the same.
      const places = process.geteuid!() === 0 ? [new Pins(), Pins.ofHost()] : [new Pins()];
      const count = places.reduce((n, pins) => n + pins.release() + Number(pins.dropAllowed()), 0);
      const done = [
        ...(count > 0 ? [`released ${count} pinned objects`] : []),
        ...(releaseNft() ? [`deleted the table ${TABLE} of the firewall`] : []),
      ];
      tell(done.join(', ') || 'nothing was pinned');
    });
}
