import { KEPT, type Rated, type Rates } from '../data/rates.ts';
import { useWidth } from '../parts/use-width.ts';
import { clock, rate } from '../text/format.ts';

const HEIGHT = 200;
const EDGE = { left: 52, right: 12, top: 10, bottom: 22 };

/** Each has a colour and a way of its line. */
const SERIES: readonly (readonly [Rated, string])[] = [
  ['attempts', 'wait'],
  ['opened', 'good'],
  ['closed', 'quiet'],
  ['failed', 'bad'],
];

/** Rates of the last minutes as lines. */
export function RateChart({ points }: { points: Rates['points'] }) {
  const [box, width] = useWidth();
  const most = ceiling(
    Math.max(1, ...points.flatMap((point) => SERIES.map(([name]) => point[name]))),
  );
  const end = points.at(-1)?.ms ?? 0;
  // At least a minute wide, so that the first points are no steep slope
  const span = Math.max(60, Math.min(KEPT, points.length)) * 1000;
  const x = (ms: number) => EDGE.left + (1 - (end - ms) / span) * (width - EDGE.left - EDGE.right);
  const y = (value: number) =>
    HEIGHT - EDGE.bottom - (value / most) * (HEIGHT - EDGE.top - EDGE.bottom);
  return (
    <div class="chart" ref={box}>
      <svg
        width={width}
        height={HEIGHT}
        role="img"
        aria-label="Attempts, opened, closed and failed connections per second"
      >
        {[0, 0.25, 0.5, 0.75, 1].map((share) => (
          <g key={share}>
            <line
              class="grid"
              x1={EDGE.left}
              x2={width - EDGE.right}
              y1={y(share * most)}
              y2={y(share * most)}
            />
            <text x={EDGE.left - 8} y={y(share * most) + 4} text-anchor="end">
              {rate(share * most)}
            </text>
          </g>
        ))}
        {end > 0 && (
          <>
            <text x={EDGE.left} y={HEIGHT - 5}>
              {clock(end - span).slice(0, 8)}
            </text>
            <text x={width - EDGE.right} y={HEIGHT - 5} text-anchor="end">
              {clock(end).slice(0, 8)}
            </text>
          </>
        )}
        {SERIES.map(([name, tone]) => (
          <polyline
            key={name}
            class={`series ${tone}`}
            points={points
              .filter(({ ms }) => ms >= end - span)
              .map((point) => `${x(point.ms).toFixed(1)},${y(point[name]).toFixed(1)}`)
              .join(' ')}
          />
        ))}
      </svg>
      <p class="legend quiet">
        {SERIES.map(([name, tone]) => (
          <span key={name}>
            <span class={`key line ${tone}`} />
            {name}
          </span>
        ))}
      </p>
    </div>
  );
}

/** The next of 1, 2, 5, 10, 20, ... */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= value)!;
}
