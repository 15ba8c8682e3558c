import type { Socket } from 'node:net';
import { errorText } from '../model/errors.ts';

/** Clients that ask nothing go: each has a descriptor of ours. */
const IDLE_MS = 5000;
/** A question with a filter. */
const LONGEST_LINE = 16_384;

/** Answers, or promises of them, to one-line commands of other processes of this user, or of root: a name, and what follows it. */
export type Commands = Readonly<Record<string, (argument: string) => unknown>>;

/** Takes one command of a client, and answers it by one line of JSON, whatever becomes of it. */
export function serve(connection: Socket, commands: Commands): void {
  let line = '';
  let asked = false;
  connection.setEncoding('utf8');
  connection.setTimeout(IDLE_MS, () => connection.destroy());
  connection.on('error', () => connection.destroy());
  connection.on('data', (chunk: string) => {
    if (asked) return;
    line += chunk;
    const end = line.indexOf('\n');
    if (end < 0) {
      if (line.length > LONGEST_LINE) connection.destroy();
      return;
    }
    asked = true;
    connection.setTimeout(0);
    void answer(commands, line.slice(0, end)).then((told) => connection.end(`${told}\n`));
  });
}

/** A command that fails is no reason to end the program: who asked is told. */
async function answer(commands: Commands, line: string): Promise<string> {
  try {
    const [name = '', argument = ''] = /^(\S*)(?: (.*))?$/.exec(line)?.slice(1) ?? [];
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    return JSON.stringify(command ? await command(argument) : { error: 'no such command' });
  } catch (error) {
    return JSON.stringify({ error: errorText(error) });
  }
}
