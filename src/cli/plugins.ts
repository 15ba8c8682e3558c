import { Command } from 'commander';
import { OperatorError } from '../model/errors.ts';
import { bundledNames, findPlugin, headerFolder, inspect } from '../plugins/folder.ts';
import { table } from './table.ts';

/** `packetwatch plugins`. */
export function pluginsCommand(): Command {
  return new Command('plugins')
    .description('the plugins that come with it, or what is in the folders that are named')
    .argument('[folder...]', 'folders with a plugin.json: all that is wrong with one is told')
    .option('--json', 'the manifests, one JSON object a line')
    .option('--include', 'only the folder of packetwatch_plugin.h, for the compiler')
    .action((folders: string[], options: { json?: boolean; include?: boolean }) => {
      if (options.include) {
        process.stdout.write(`${headerFolder()}\n`);
        return;
      }
      for (const folder of folders) check(folder);
      const found = (folders.length > 0 ? folders : bundledNames()).map(findPlugin);
      if (options.json) {
        for (const { folder, manifest } of found)
          process.stdout.write(`${JSON.stringify({ ...manifest, folder })}\n`);
        return;
      }
      process.stdout.write(
        table(
          ['plugin', 'version', 'hooks', 'what it does', 'where'],
          found.map(({ folder, bundled, manifest: m }) => [
            m.name,
            m.version,
            m.hooks.join(' '),
            m.description,
            bundled ? 'comes with packetwatch' : folder,
          ]),
        ),
      );
    });
}

/** Tells all that is wrong with a manifest, a line each. */
function check(folder: string): void {
  const { problems } = inspect(folder);
  const last = problems.pop();
  for (const problem of problems)
    process.stderr.write(`packetwatch: plugin ${folder}: ${problem}\n`);
  if (last !== undefined)
    throw new OperatorError(
      `plugin ${folder}: ${last}`,
      'docs/plugins.md has the form of a manifest',
    );
}
