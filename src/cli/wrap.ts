/** A terminal narrower than this breaks lines itself; wider lines are hard to read. */
const WIDTH = { least: 40, most: 100, piped: 80 } as const;

/** A text in lines no wider than the terminal, each behind `indent`; a longer word has a line of its own. */
export function wrapped(
  text: string,
  indent: string,
  columns: number | undefined = process.stdout.columns,
): string {
  const width = Math.min(WIDTH.most, Math.max(WIDTH.least, columns ?? WIDTH.piped));
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${indent}${each}\n`).join('');
}
