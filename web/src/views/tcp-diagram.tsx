import { useRef } from 'preact/hooks';
import type { StateName } from '../../../src/model/tcp-transitions.ts';
import type { StatesAnswer } from '../data/answers.ts';
import { short, whole } from '../text/format.ts';
import { BOX, curveOf, DRAWING, END, LINES, PLACES } from './tcp-layout.ts';

/** The diagram; boxes are buttons that list their sockets. */
export function StateDiagram({
  data,
  chosen,
  onChoose,
}: {
  data: StatesAnswer;
  chosen: StateName | undefined;
  onChoose: (state: StateName) => void;
}) {
  const last = useRef(new Map<string, number>());
  const most = Math.max(1, ...data.states.map(({ count }) => count));
  return (
    <div class="diagram">
      <svg
        viewBox={`0 0 ${DRAWING.width} ${DRAWING.height}`}
        role="group"
        aria-label="States of TCP"
      >
        <defs>
          <marker
            id="tip"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0 0.5 7 4 0 7.5Z" />
          </marker>
        </defs>
        {data.transitions.map((each) => {
          const key = `${each.from}>${each.to}`;
          const line = LINES[key];
          if (!line) return null; // seen, but not of RFC 9293: the table has it
          const before = last.current.get(key) ?? each.count ?? 0;
          if (each.count !== undefined) last.current.set(key, each.count);
          const grown = (each.count ?? 0) - before;
          return (
            <g key={key} class={`change ${grown > 0 ? 'grown' : ''}`}>
              <path
                key={grown > 0 ? each.count : 0}
                d={curveOf(line, each.from, each.to)}
                marker-end="url(#tip)"
              />
              <text x={line.at[0]} y={line.at[1]} text-anchor={line.anchor}>
                <tspan class="on">{each.on}</tspan>
                {each.sends !== undefined && (
                  <tspan class="sends" x={line.at[0]} dy="14">
                    send {each.sends}
                  </tspan>
                )}
                {each.count !== undefined && (
                  <tspan class="count" x={line.at[0]} dy="14">
                    {short(each.count)}
                    {grown > 0 && ` +${short(grown)}`}
                  </tspan>
                )}
              </text>
            </g>
          );
        })}
        {data.states.map(({ state, count }) => {
          const [x, y] = PLACES[state];
          return (
            <g
              key={state}
              class={`box ${count === 0 ? 'none' : ''} ${state === chosen ? 'chosen' : ''}`}
              transform={`translate(${x - BOX.width / 2} ${y - BOX.height / 2})`}
              role="button"
              tabIndex={0}
              aria-pressed={state === chosen}
              aria-label={`${state}: ${whole(count)} sockets`}
              onClick={() => onChoose(state)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter' && event.key !== ' ') return;
                event.preventDefault();
                onChoose(state);
              }}
            >
              <rect width={BOX.width} height={BOX.height} rx="7" />
              <rect
                class="gauge"
                x="8"
                y={BOX.height - 7}
                rx="1.5"
                height="3"
                width={
                  count === 0 ? 0 : 4 + (Math.log1p(count) / Math.log1p(most)) * (BOX.width - 20)
                }
              />
              <text x="10" y="23" class="name">
                {state}
              </text>
              <text x={BOX.width - 10} y="23" text-anchor="end" class="many">
                {state === 'CLOSED' ? '' : short(count)}
              </text>
            </g>
          );
        })}
        <g
          class="box none end"
          transform={`translate(${END[0] - BOX.width / 2} ${END[1] - BOX.height / 2})`}
        >
          <rect width={BOX.width} height={BOX.height} rx="7" />
          <text x="10" y="26" class="name">
            CLOSED
          </text>
        </g>
      </svg>
    </div>
  );
}
