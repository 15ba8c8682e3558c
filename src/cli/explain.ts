import { Command } from 'commander';
import type { Entry } from '../model/glossary/entry.ts';
import { OperatorError } from '../model/errors.ts';
import { wrapped } from './wrap.ts';

/** `packetwatch explain`. */
export function explainCommand(): Command {
  return new Command('explain')
    .description(
      'what a state, flag, field, metric, verdict or alert means, and what to do about it',
    )
    .argument('[term...]', 'as it is printed, in any case; without one all terms are listed')
    .option('--json', 'one JSON object per entry')
    .addHelpText(
      'after',
      `
  packetwatch explain TIME-WAIT
  packetwatch explain rsto
  packetwatch explain half open
  packetwatch explain packetwatch_lost_total

The same entries are in docs/glossary.md; the runbook of an alert is a command of this kind.`,
    )
    .action(async (words: string[], options: { json?: boolean }) => {
      // Loaded by who asks for it: nobody else needs so much text in memory.
      const { lookupWords, nearest } = await import('../model/glossary/lookup.ts');
      const { byKind, GLOSSARY } = await import('../model/glossary/glossary.ts');
      const found = words.length === 0 ? GLOSSARY : lookupWords(words);
      if (found.length === 0) throw unknown(words.join(' '), nearest(words.join(' ')));
      if (options.json)
        for (const entry of found) process.stdout.write(`${JSON.stringify(entry)}\n`);
      else if (words.length === 0) process.stdout.write(list(byKind()));
      else process.stdout.write(found.map(described).join('\n'));
    });
}

function unknown(term: string, near: readonly string[]): OperatorError {
  const said = term.length > 60 ? `${term.slice(0, 60)}...` : term;
  return new OperatorError(
    `'${said}' is not in the glossary`,
    near.length > 0 ? `did you mean ${near.join(', ')}?` : '`packetwatch explain` lists what is',
  );
}

/** Every term, by kind. */
function list(kinds: readonly (readonly [string, readonly Entry[]])[]): string {
  return kinds
    .map(([kind, of]) => `${kind}\n${wrapped(of.map(({ term }) => term).join(', '), '  ')}`)
    .join('\n');
}

function described(entry: Entry): string {
  const { slug, term, aliases, kind, definition, meaning, action, see, source } = entry;
  const also = aliases.length > 0 ? `; also ${aliases.join(', ')}` : '';
  const parts = [
    wrapped(`${term} (${kind}${also})`, ''),
    wrapped(definition, '  '),
    meaning === undefined ? '' : wrapped(`When you see it: ${meaning}`, '  '),
    action === undefined ? '' : wrapped(`What to do: ${action}`, '  '),
    see.length === 0 ? '' : wrapped(`See also: ${see.join(', ')}`, '  '),
    source === undefined ? '' : wrapped(`Source: ${source}`, '  '),
    wrapped(`In docs/glossary.md: #${slug}`, '  '),
  ];
  return parts.join('');
}
