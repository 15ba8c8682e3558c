import type { Metric } from './metric.ts';
import { METRICS } from './metrics.ts';
import type { MetricsView } from './view.ts';

/**
 * - `text`: Prometheus text exposition 0.0.4
 *   (https://prometheus.io/docs/instrumenting/exposition_formats/)
 * - `openmetrics`: OpenMetrics 1.0.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/)
 */
export type Form = 'text' | 'openmetrics';

export const CONTENT_TYPES: Readonly<Record<Form, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

/** OpenMetrics where the client names it and likes it no less than plain text; else text. */
export function formFor(accept: string | undefined): Form {
  const liked = { text: 0, openmetrics: 0 };
  for (const range of (accept ?? '').split(',')) {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const version = parameterOf(parameters, 'version') ?? '1.0.0';
    const q = Number(parameterOf(parameters, 'q') ?? 1);
    if (type === 'application/openmetrics-text' && version === '1.0.0')
      liked.openmetrics = Math.max(liked.openmetrics, q);
    else if (type === 'text/plain') liked.text = Math.max(liked.text, q);
  }
  return liked.openmetrics > 0 && liked.openmetrics >= liked.text ? 'openmetrics' : 'text';
}

/** All metrics of a view as text. A metric that this source doesn't have is left out. */
export function expose(view: MetricsView, form: Form): string {
  let text = '';
  METRICS.forEach((metric, i) => {
    let samples = '';
    const names = LABEL_NAMES[i]!;
    metric.collect(view, (value, ...labels) => {
      samples += sampleLine(metric.name, names, labels, value);
    });
    if (samples !== '') text += HEADS[form][i]! + samples;
  });
  for (const { byMetric } of view.plugins.samples)
    for (const [metric, samples] of byMetric) {
      const names = Object.keys(metric.labels);
      text += headOf(metric, form);
      for (const { labels, value } of samples)
        text += sampleLine(metric.name, names, labels, value);
    }
  return form === 'openmetrics' ? `${text}# EOF\n` : text;
}

/** One series: `name{label="value"} number`. */
export function sampleLine(
  name: string,
  names: readonly string[],
  labels: readonly string[],
  value: number,
): string {
  if (names.length !== labels.length) throw new Error(`${name} has ${names.length} labels`);
  if (names.length === 0) return `${name} ${value}\n`;
  const pairs = names.map((label, i) => `${label}="${escapeLabel(labels[i]!)}"`);
  return `${name}{${pairs.join(',')}} ${value}\n`;
}

/** The unit that a metric's name ends in, as both formats want it. */
export function unitOf({ name }: Pick<Metric, 'name'>): string | undefined {
  return /_(seconds|bytes)(?:_total)?$/.exec(name)?.[1];
}

/** The lines before a metric's series. OpenMetrics names a counter's family without `_total`. */
function headOf(metric: Pick<Metric, 'name' | 'type' | 'help'>, form: Form): string {
  const open = form === 'openmetrics';
  const name = open ? metric.name.replace(/_total$/, '') : metric.name;
  const help = open ? escapeLabel(metric.help) : escapeHelp(metric.help);
  const unit = open && unitOf(metric) ? `# UNIT ${name} ${unitOf(metric)}\n` : '';
  return `# HELP ${name} ${help}\n# TYPE ${name} ${metric.type}\n${unit}`;
}

const LABEL_NAMES = METRICS.map((metric) => Object.keys(metric.labels ?? {}));
const HEADS: Readonly<Record<Form, readonly string[]>> = {
  text: METRICS.map((metric) => headOf(metric, 'text')),
  openmetrics: METRICS.map((metric) => headOf(metric, 'openmetrics')),
};

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function parameterOf(parameters: readonly string[], name: string): string | undefined {
  return parameters.find((p) => p.startsWith(`${name}=`))?.slice(name.length + 1);
}
