import { Command } from 'commander';
import { StoreService } from '../store/service.ts';

/** `packetwatch store-service`: what `watch --store` starts for itself; nobody else has a use for it. */
export function storeServiceCommand(): Command {
  return new Command('store-service')
    .description('the process of a store; `watch --store` starts it')
    .action(() => {
      if (process.connected) new StoreService().run();
    });
}
