import type { Probe } from '../data/answers.ts';
import { type Column, Table } from '../parts/table.tsx';
import { Term } from '../parts/term.tsx';
import { useWidth } from '../parts/use-width.ts';
import { clock, endpoint, whole } from '../text/format.ts';

const HEIGHT = 240;
const EDGE = { left: 52, right: 10, top: 8, bottom: 22 };
/** Marks of the port axis at most. */
const MARKS = 9;

const TONES: Readonly<Record<string, string>> = {
  refused: 'bad',
  ok: 'good',
  dropped: 'warn',
  timeout: 'warn',
};

/** When which port was tried; ports by their order, since they lie unevenly. */
export function ProbeChart({
  probes,
  ports,
}: {
  probes: readonly Probe[];
  ports: readonly number[];
}) {
  const [box, width] = useWidth();
  const times = probes.map(({ ts }) => Date.parse(ts));
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const all = [...new Set([...probes.map(({ dst_port: port }) => port), ...ports])].sort(
    (a, b) => a - b,
  );
  const rankOf = new Map(all.map((port, rank) => [port, rank]));
  const x = (ms: number) =>
    EDGE.left + (to === from ? 0.5 : (ms - from) / (to - from)) * (width - EDGE.left - EDGE.right);
  const y = (port: number) =>
    HEIGHT -
    EDGE.bottom -
    ((rankOf.get(port)! + 0.5) / all.length) * (HEIGHT - EDGE.top - EDGE.bottom);
  const every = Math.ceil(all.length / MARKS);
  const marks = all.filter((_, rank) => rank % every === 0);
  return (
    <div class="chart" ref={box}>
      {probes.length === 0 ? (
        <p class="quiet note">No single probes are kept of it.</p>
      ) : (
        <svg
          width={width}
          height={HEIGHT}
          role="img"
          aria-label={`${whole(probes.length)} probes of ${all.length} ports from ${clock(from)} to ${clock(to)}`}
        >
          {marks.map((port) => (
            <g key={port}>
              <line class="grid" x1={EDGE.left} x2={width - EDGE.right} y1={y(port)} y2={y(port)} />
              <text x={EDGE.left - 8} y={y(port) + 4} text-anchor="end">
                {port}
              </text>
            </g>
          ))}
          <text x={EDGE.left} y={HEIGHT - 5}>
            {clock(from)}
          </text>
          <text x={width - EDGE.right} y={HEIGHT - 5} text-anchor="end">
            {clock(to)}
          </text>
          {[...byOutcome(probes)].map(([outcome, some]) => (
            <path
              key={outcome}
              class={markClass(outcome)}
              d={some
                .map((probe) => markPath(outcome, x(Date.parse(probe.ts)), y(probe.dst_port)))
                .join('')}
            />
          ))}
        </svg>
      )}
      <p class="legend quiet">
        {(['refused', 'dropped', 'ok'] as const).map((outcome) => (
          <span key={outcome}>
            <svg class="sample" viewBox="0 0 12 12" aria-hidden="true">
              <path class={markClass(outcome)} d={markPath(outcome, 6, 6)} />
            </svg>
            <Term slug={`outcome-${outcome}`}>{outcome}</Term>
          </span>
        ))}
        <span>
          <svg class="sample" viewBox="0 0 12 12" aria-hidden="true">
            <path class={markClass('')} d={markPath('', 6, 6)} />
          </svg>
          not known
        </span>
      </p>
    </div>
  );
}

/** One outline for all of an outcome: a browser is slow with a thousand elements. */
function byOutcome(probes: readonly Probe[]): Map<string, Probe[]> {
  const some = new Map<string, Probe[]>();
  for (const probe of probes) {
    const outcome = probe.outcome ?? '';
    const same = some.get(outcome);
    if (same) same.push(probe);
    else some.set(outcome, [probe]);
  }
  return some;
}

function markClass(outcome: string): string {
  return `mark ${TONES[outcome] ?? 'wait'} ${outcome === 'ok' ? 'full' : ''}`;
}

/** An outcome has a shape as well as a colour. */
function markPath(outcome: string, x: number, y: number): string {
  const at = `M${(x - 3).toFixed(1)} `;
  if (outcome === 'refused') return `${at}${(y - 3).toFixed(1)}l6 6m0-6l-6 6`;
  return `${at}${y.toFixed(1)}a3 3 0 1 0 6 0a3 3 0 1 0-6 0`;
}

export function ProbeTable({ probes }: { probes: readonly Probe[] }) {
  return (
    <div class="sheet low">
      <Table
        caption="Probes"
        columns={COLUMNS}
        rows={probes}
        keyOf={(probe) => `${probe.ts} ${probe.dst_ip} ${probe.dst_port}`}
      />
    </div>
  );
}

const COLUMNS: readonly Column<Probe>[] = [
  { title: 'Time', look: 'mono', of: ({ ts }) => clock(Date.parse(ts)) },
  { title: 'Port', look: 'mono', of: (probe) => endpoint(probe.dst_ip, probe.dst_port) },
  {
    title: 'Outcome',
    slug: 'field-outcome',
    look: ({ outcome }) => TONES[outcome ?? ''] ?? '',
    of: ({ outcome }) => outcome ?? 'not known',
  },
];
