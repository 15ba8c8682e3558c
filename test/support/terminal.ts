/** A program in a terminal: what stands on its screen, as far as the program uses what terminals can. */
import { fileURLToPath } from 'node:url';
import { Running, until } from './command.ts';
import { PYTHON } from './peer.ts';

const HELPER = fileURLToPath(new URL('terminal.py', import.meta.url));

/** How it ended: `ended CODE restored`, or `changed` where the terminal's settings are not what they were. */
type Ended = string;

/** A screen of characters. What it doesn't know throws: no other sequence may ever get to a terminal. */
export class Terminal {
  readonly running: Running;
  /** Is it the other screen (DECSET 1049), and is the cursor shown there? */
  alternate = false;
  cursor = true;
  wraps = true;
  /** What was written while the other screen was not there. */
  plain = '';
  #lines: string[] = [];
  /** What is written in the last column leaves the cursor on it, and erasing from there takes it away. */
  #columns: number;
  #row = 0;
  #column = 0;
  #rest = '';
  #fault: string | undefined;

  private constructor(running: Running, columns: number) {
    this.running = running;
    this.#columns = columns;
    running.child.stdout!.on('data', (text: string) => {
      this.#rest += text;
      this.#take();
    });
  }

  static async start(argv: readonly string[], columns: number, rows: number): Promise<Terminal> {
    const pty = [PYTHON, HELPER, String(columns), String(rows), ...argv];
    return new Terminal(await Running.start(pty), columns);
  }

  /** The other screen's lines, without spaces at their ends. */
  get lines(): readonly string[] {
    return Array.from(this.#lines, (line: string | undefined) => line?.trimEnd() ?? '');
  }

  keys(text: string): void {
    this.#ask(`keys ${Buffer.from(text).toString('hex')}`);
  }

  resize(columns: number, rows: number): void {
    this.#columns = columns || 80;
    this.#ask(`size ${columns} ${rows}`);
  }

  signal(number: number): void {
    this.#ask(`signal ${number}`);
  }

  /** Waits until its screen shows something. */
  async shows<T>(
    what: string,
    find: (lines: readonly string[]) => T | undefined | false,
  ): Promise<T> {
    return until(what, () => {
      if (this.#fault !== undefined) throw new Error(this.#fault);
      return this.alternate && find(this.lines);
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.lines.join('\n')}\n${this.plain}`, {
        cause: error,
      });
    });
  }

  async ended(): Promise<Ended> {
    await this.running.ended;
    if (this.#fault !== undefined) throw new Error(this.#fault);
    return this.running.err.all.at(-1) ?? '';
  }

  /** Its process. */
  pid(): Promise<number> {
    return this.running.err.wait(
      'its pid',
      (line) => Number(/^pid (\d+)$/.exec(line)?.[1]) || undefined,
    );
  }

  #ask(line: string): void {
    this.running.child.stdin!.write(`${line}\n`);
  }

  #take(): void {
    for (;;) {
      const found = NEXT.exec(this.#rest);
      if (!found) break;
      this.#rest = this.#rest.slice(found[0].length);
      const { text, args = '', final } = found.groups!;
      if (text !== undefined) this.#write(text);
      else if (final !== undefined) this.#control(args, final);
    }
    if (this.#rest.length > LONGEST)
      this.#fault ??= `not understood: ${JSON.stringify(this.#rest)}`;
  }

  #write(text: string): void {
    if (!this.alternate) {
      this.plain += text;
      return;
    }
    // oxlint-disable-next-line no-control-regex -- that there are none is what it says
    if (/[\x00-\x1f\x7f-\x9f]/.test(text))
      this.#fault ??= `a control character: ${JSON.stringify(text)}`;
    const line = (this.#lines[this.#row] ?? '').padEnd(this.#column);
    this.#lines[this.#row] =
      line.slice(0, this.#column) + text + line.slice(this.#column + text.length);
    this.#column += text.length;
  }

  #control(args: string, final: string): void {
    const [a, b] = args.split(';').map(Number);
    if (final === 'H') [this.#row, this.#column] = [(a || 1) - 1, (b || 1) - 1];
    else if (final === 'K')
      this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(
        0,
        Math.min(this.#column, this.#columns - 1),
      );
    else if (final === 'J') this.#lines.length = args === '2' ? 0 : this.#row;
    else if (final === 'm') return;
    else if (args === '?1049') [this.alternate, this.#lines] = [final === 'h', []];
    else if (args === '?25') this.cursor = final === 'h';
    else if (args === '?7') this.wraps = final === 'h';
    else this.#fault ??= `not understood: ${args}${final}`;
  }
}

/** Text, or a control sequence (ECMA-48, 5.4). */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const NEXT = /^(?:(?<text>[^\x1b]+)|\x1b\[(?<args>[0-9;?]*)(?<final>[@-~]))/;
/** A sequence that isn't whole by then is none. */
const LONGEST = 32;
