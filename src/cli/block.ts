import { Command } from 'commander';
export function blockCommand(): Command {
  return new Command('block');
}
