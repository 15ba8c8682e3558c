import { EVENT_NAMES } from '../model/events.ts';

/** `plugin.json` as it is used: what a plugin is, which hooks it wants, and all that it may tell. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** File names in the plugin's folder. */
  readonly object: string;
  readonly module: string;
  /** `ingress`, `egress`, `tp_btf/NAME`, `iter/NAME`. */
  readonly hooks: readonly string[];
  readonly events: Readonly<Record<string, EventSpec>>;
  readonly metrics: readonly MetricSpec[];
}

export interface EventSpec {
  readonly help: string;
  /** It goes to --webhook and --syslog as well. */
  readonly alert: boolean;
}

export interface MetricSpec {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Every value that a label may have: traffic makes no series. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const VERSION = /^\d+\.\d+\.\d+$/;
const FILE = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
const HOOK = /^(ingress|egress|tp_btf\/[a-z0-9_]+|iter\/[a-z0-9_]+)$/;
const EVENT = /^[a-z][a-z0-9_]*\.[a-z0-9_]+$/;
const LABEL = /^[a-z][a-z0-9_]*$/;
const KNOWN: ReadonlySet<string> = new Set(
  'name version description object module hooks events metrics'.split(' '),
);
/** So that nobody's manifest makes thousands of series. */
const MOST = { events: 32, metrics: 64, series: 64, text: 200 } as const;

/** The manifest of a JSON text, and what is wrong with it, a sentence each. */
export function parseManifest(text: string): { manifest?: Manifest; problems: string[] } {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { problems: [`it is no JSON: ${(error as Error).message}`] };
  }
  if (!isObject(json)) return { problems: ['it is no JSON object'] };
  const check = new Check();
  for (const key of Object.keys(json))
    if (!KNOWN.has(key)) check.fail(`it has no member named '${key}'`);
  const name = check.matching(json, 'name', NAME, 'lower-case words joined by `-`');
  const manifest: Manifest = {
    name,
    version: check.matching(json, 'version', VERSION, 'of the form 1.2.3'),
    description: check.text(json, 'description'),
    object: check.matching(json, 'object', FILE, 'a file in the folder'),
    module: check.matching(json, 'module', FILE, 'a file in the folder'),
    hooks: hooksOf(json['hooks'], check),
    events: eventsOf(json['events'] ?? {}, check),
    metrics: metricsOf(
      json['metrics'] ?? [],
      `packetwatch_plugin_${name.replaceAll('-', '_')}_`,
      check,
    ),
  };
  return check.problems.length === 0 ? { manifest, problems: [] } : { problems: check.problems };
}

function hooksOf(value: unknown, check: Check): string[] {
  const hooks = Array.isArray(value) ? (value as unknown[]) : [];
  if (hooks.length === 0) check.fail('`hooks` is to be a list of at least one');
  const found: string[] = [];
  for (const hook of hooks) {
    if (typeof hook !== 'string' || !HOOK.test(hook))
      check.fail(
        `there is no hook ${JSON.stringify(hook)}: they are ingress, egress, tp_btf/NAME, iter/NAME`,
      );
    else if (found.includes(hook)) check.fail(`the hook ${hook} is there twice`);
    else found.push(hook);
  }
  return found;
}

function eventsOf(value: unknown, check: Check): Record<string, EventSpec> {
  const events: Record<string, EventSpec> = {};
  if (!isObject(value)) {
    check.fail('`events` is to be an object: names, and what they mean');
    return events;
  }
  if (Object.keys(value).length > MOST.events)
    check.fail(`more than ${MOST.events} events are too many`);
  for (const [name, spec] of Object.entries(value)) {
    const group = name.split('.')[0]!;
    if (!EVENT.test(name) || name.length > 64)
      check.fail(`the event '${name}' is to be named like \`group.what\``);
    else if (EVENT_NAMES.some((own) => own === group || own.startsWith(`${group}.`)))
      check.fail(`the event '${name}' is named like packetwatch's own`);
    if (!isObject(spec)) {
      check.fail(`the event '${name}' is to be an object with \`help\``);
      continue;
    }
    const alert = spec['alert'] ?? false;
    if (typeof alert !== 'boolean') check.fail(`\`alert\` of '${name}' is to be true or false`);
    events[name] = { help: check.text(spec, 'help', ` of '${name}'`), alert: alert === true };
  }
  return events;
}

function metricsOf(value: unknown, prefix: string, check: Check): MetricSpec[] {
  const list = Array.isArray(value) ? (value as unknown[]) : undefined;
  if (!list) check.fail('`metrics` is to be a list');
  else if (list.length > MOST.metrics) check.fail(`more than ${MOST.metrics} metrics are too many`);
  const metrics: MetricSpec[] = [];
  for (const one of list ?? []) {
    if (!isObject(one)) {
      check.fail('each metric is to be an object with `name`, `type` and `help`');
      continue;
    }
    const name = typeof one['name'] === 'string' ? one['name'] : '';
    const of = ` of '${name}'`;
    // `total` alone would be a metric of all plugins.
    if (!name.startsWith(prefix) || !LABEL.test(name) || name === `${prefix}total`)
      check.fail(`the metric '${name}' is to be named \`${prefix}\` and what it counts`);
    if (metrics.some((m) => m.name === name)) check.fail(`the metric '${name}' is there twice`);
    const type = one['type'];
    if (type !== 'counter' && type !== 'gauge')
      check.fail(`\`type\`${of} is to be counter or gauge`);
    if ((type === 'counter') !== name.endsWith('_total'))
      check.fail(`'${name}': a counter's name ends in \`_total\`, and no other's does`);
    metrics.push({
      name,
      type: type === 'counter' ? 'counter' : 'gauge',
      help: check.text(one, 'help', of),
      labels: labelsOf(one['labels'] ?? {}, of, check),
    });
  }
  return metrics;
}

function labelsOf(value: unknown, of: string, check: Check): Record<string, string[]> {
  const labels: Record<string, string[]> = {};
  if (!isObject(value)) {
    check.fail(`\`labels\`${of} is to be an object: names, and all values of each`);
    return labels;
  }
  let series = 1;
  for (const [label, values] of Object.entries(value)) {
    const list = Array.isArray(values) ? (values as unknown[]) : [];
    if (!LABEL.test(label) || list.length === 0 || !list.every((v) => typeof v === 'string'))
      check.fail(`the label '${label}'${of} is to be a list of all its values`);
    labels[label] = list as string[];
    series *= Math.max(1, list.length);
  }
  if (series > MOST.series) check.fail(`${series} series${of} are more than ${MOST.series}`);
  return labels;
}

/** Gathers what is wrong. */
class Check {
  readonly problems: string[] = [];

  fail(problem: string): void {
    this.problems.push(problem);
  }

  text(of: Record<string, unknown>, member: string, where = ''): string {
    const value = of[member];
    if (typeof value === 'string' && /^[ -~]+$/.test(value) && value.length <= MOST.text)
      return value;
    this.fail(`\`${member}\`${where} is to be a line of 1 to ${MOST.text} ASCII characters`);
    return '';
  }

  matching(of: Record<string, unknown>, member: string, form: RegExp, what: string): string {
    const value = of[member];
    if (typeof value === 'string' && value.length <= 64 && form.test(value)) return value;
    this.fail(`\`${member}\` is to be ${what}`);
    return '';
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Program sections that an object has for these hooks: what comes in is seen wherever the guard is. */
export function sectionsOf({ hooks }: Manifest): string[] {
  return hooks.flatMap((hook) => {
    if (hook === 'ingress') return ['tcx/ingress', 'xdp'];
    return hook === 'egress' ? ['tcx/egress'] : [hook];
  });
}
