import { Command } from 'commander';
export function statusCommand(): Command {
  return new Command('status').action(async () => {
    const { ask } = await import('./ask.ts');
    process.stdout.write(`${JSON.stringify(await ask('status'), null, 2)}\n`);
  });
}
