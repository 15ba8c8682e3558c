/** A strict reader of what `/metrics` says, in both of its forms; anything that the formats forbid throws. */
import type { Form } from '../../src/api/exposition.ts';

export interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\\\\n]|\\\\[\\\\n"])*)"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (-?[0-9.e+-]+)$`);
const META = new RegExp(`^# (HELP|TYPE|UNIT) (${NAME}) (.+)$`);

interface Family {
  readonly meta: Map<string, string>;
  samples: number;
}

export function parseExposition(text: string, form: Form): Series[] {
  const families = new Map<string, Family>();
  const series = new Map<string, Series>();
  let current = '';
  for (const line of linesOf(text, form)) {
    const meta = META.exec(line);
    if (meta) {
      const [, keyword, name, rest] = meta as unknown as [string, string, string, string];
      if (name !== current && families.has(name)) throw new Error(`${name} is not in one piece`);
      current = name;
      const family = families.get(name) ?? { meta: new Map(), samples: 0 };
      families.set(name, family);
      if (family.samples > 0 || family.meta.has(keyword)) throw new Error(`late or twice: ${line}`);
      family.meta.set(keyword, rest);
      continue;
    }
    const sample = sampleOf(line);
    const family = families.get(current);
    const type = family?.meta.get('TYPE');
    const suffix = form === 'openmetrics' && type === 'counter' ? '_total' : '';
    if (!family || sample.name !== current + suffix) throw new Error(`not of ${current}: ${line}`);
    if (!family.meta.has('HELP') || !/^(counter|gauge)$/.test(type ?? ''))
      throw new Error(`${current} lacks HELP or TYPE`);
    if (type === 'counter' && !(sample.value >= 0)) throw new Error(`a counter below 0: ${line}`);
    const unit = family.meta.get('UNIT');
    if (unit !== undefined && !current.endsWith(`_${unit}`)) throw new Error(`unit of ${current}`);
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels))}`;
    if (series.has(key)) throw new Error(`twice: ${line}`);
    series.set(key, sample);
    family.samples++;
  }
  for (const [name, { samples }] of families)
    if (samples === 0) throw new Error(`${name} is empty`);
  return [...series.values()];
}

/** The sum of a metric's series that have these labels. */
export function sumOf(
  all: readonly Series[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const found = all.filter(
    (s) => s.name === name && Object.entries(labels).every(([k, v]) => s.labels[k] === v),
  );
  if (found.length === 0) throw new Error(`no ${name} ${JSON.stringify(labels)}`);
  return found.reduce((sum, s) => sum + s.value, 0);
}

function linesOf(text: string, form: Form): string[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new Error('the last line has no end');
  if (form === 'openmetrics' && lines.pop() !== '# EOF') throw new Error('no # EOF');
  return lines;
}

function sampleOf(line: string): Series {
  const match = SAMPLE.exec(line);
  const value = Number(match?.at(-1));
  if (!match || !Number.isFinite(value)) throw new Error(`no sample: ${JSON.stringify(line)}`);
  const labels: Record<string, string> = {};
  for (const [, name = '', text = ''] of (match[2] ?? '').matchAll(new RegExp(LABEL, 'g'))) {
    if (name in labels) throw new Error(`label twice: ${line}`);
    labels[name] = text.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
  }
  return { name: match[1]!, labels, value };
}
