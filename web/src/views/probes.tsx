import type { Probe } from '../data/answers.ts';
import { Term } from '../parts/term.tsx';
import { useWidth } from '../parts/use-width.ts';
import { clock, endpoint, whole } from '../text/format.ts';

const HEIGHT = 240;
const EDGE = { left: 52, right: 10, top: 8, bottom: 22 };
/** Marks of the port axis at most. */
const MARKS = 9;
/** Rows of the table: a person reads no more. */
const ROWS = 500;

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
          {probes.map((probe, i) => (
            <Mark key={i} x={x(times[i]!)} y={y(probe.dst_port)} outcome={probe.outcome ?? ''} />
          ))}
        </svg>
      )}
      <p class="legend quiet">
        {(['refused', 'dropped', 'ok'] as const).map((outcome) => (
          <span key={outcome}>
            <svg class="sample" viewBox="0 0 12 12" aria-hidden="true">
              <Mark x={6} y={6} outcome={outcome} />
            </svg>
            <Term slug={`outcome-${outcome}`}>{outcome}</Term>
          </span>
        ))}
        <span>
          <svg class="sample" viewBox="0 0 12 12" aria-hidden="true">
            <Mark x={6} y={6} outcome="" />
          </svg>
          not known
        </span>
      </p>
    </div>
  );
}

/** An outcome has a shape as well as a colour. */
function Mark({ x, y, outcome }: { x: number; y: number; outcome: string }) {
  const tone = TONES[outcome] ?? 'wait';
  if (outcome === 'refused')
    return <path class={`mark ${tone}`} d={`M${x - 3} ${y - 3}l6 6m0-6l-6 6`} />;
  if (outcome === 'ok') return <circle class={`mark ${tone} full`} cx={x} cy={y} r="3" />;
  return <circle class={`mark ${tone}`} cx={x} cy={y} r="3" />;
}

export function ProbeTable({ probes }: { probes: readonly Probe[] }) {
  return (
    <div class="sheet low">
      <table>
        <caption class="unseen">Probes</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Port</th>
            <th scope="col">
              <Term slug="field-outcome">Outcome</Term>
            </th>
          </tr>
        </thead>
        <tbody>
          {probes.slice(0, ROWS).map((probe, i) => (
            <tr key={i}>
              <td class="mono">{clock(Date.parse(probe.ts))}</td>
              <td class="mono">{endpoint(probe.dst_ip, probe.dst_port)}</td>
              <td class={TONES[probe.outcome ?? ''] ?? ''}>{probe.outcome ?? 'not known'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
