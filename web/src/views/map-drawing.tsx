import { useState } from 'preact/hooks';
import { Icon } from '../parts/icon.tsx';
import { useWidth } from '../parts/use-width.ts';
import { keep, goTo } from '../shell/navigation.ts';
import { bytes, percent, rate, whole } from '../text/format.ts';
import { visible } from '../text/visible.ts';
import type { Column, Layout, Link, Node } from './map-layout.ts';

const ROW_PX = 32;
const HEAD_PX = 30;
/** Where titles take two lines. */
const NARROW_PX = 560;
const NODE_PX = 24;

const TITLES: Readonly<Record<Column, string>> = {
  clients: 'Call this host',
  here: 'This host',
  servers: 'Called by this host',
};
/** With connections that go past this host, those of the first column call anybody. */
const PASSING: typeof TITLES = { clients: 'Clients', here: 'This host', servers: 'Servers' };

/** Three columns with lines between: wide where much goes on, of another colour and dashed where it fails. */
export function MapDrawing({
  layout,
  seconds,
  chosen,
}: {
  layout: Layout;
  seconds: number;
  chosen: string | undefined;
}) {
  const [box, width] = useWidth();
  const [hovered, setHovered] = useState<string>();
  const lit = hovered ?? chosen;
  const isLit = (link: Link) => lit === undefined || link.from.key === lit || link.to.key === lit;
  const nodePx = Math.min(280, width * 0.27);
  const xOf = (column: Column) =>
    ({ clients: 0, here: (width - nodePx) / 2, servers: width - nodePx })[column];
  const headPx = width < NARROW_PX ? HEAD_PX + 14 : HEAD_PX;
  const height = headPx + layout.rows * ROW_PX;
  const topOf = (node: Node) => {
    const spare = layout.rows - layout.columns[node.column].length;
    return headPx + (node.at + spare / 2) * ROW_PX;
  };
  const titles = layout.passes ? PASSING : TITLES;
  const most = Math.max(...layout.links.map(({ connections }) => connections));
  const picked = allNodes(layout).find(({ key }) => key === chosen);
  return (
    <div class="map">
      <div class="map-box" ref={box} style={{ height: `${height}px` }}>
        <svg width={width} height={height} aria-hidden="true">
          {layout.links.map((link) => {
            const [x1, x2] = [xOf(link.from.column) + nodePx, xOf(link.to.column)];
            const [y1, y2] = [topOf(link.from) + NODE_PX / 2, topOf(link.to) + NODE_PX / 2];
            const middle = (x1 + x2) / 2;
            return (
              <path
                key={link.key}
                class={`edge ${toneOf(link)} ${isLit(link) ? '' : 'dim'}`}
                d={`M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`}
                style={{ strokeWidth: widthOf(link.connections, most) }}
              />
            );
          })}
        </svg>
        {(Object.keys(TITLES) as Column[]).map((column) => (
          <section key={column} aria-label={titles[column]}>
            <h3 style={{ left: `${xOf(column)}px`, width: `${nodePx}px` }}>{titles[column]}</h3>
            {layout.columns[column].map((node) => (
              <button
                key={node.key}
                type="button"
                class={`node ${toneOf(node)} ${node.key === lit ? 'lit' : ''}`}
                aria-pressed={node.key === chosen}
                style={{ left: `${xOf(column)}px`, top: `${topOf(node)}px`, width: `${nodePx}px` }}
                title={`${visible(node.label)}${node.detail}: ${whole(node.connections)} connections, ${whole(node.failed)} failed`}
                onClick={() => keep({ node: node.key === chosen ? undefined : node.key })}
                onPointerEnter={() => setHovered(node.key)}
                onPointerLeave={() => setHovered(undefined)}
                onFocus={() => setHovered(node.key)}
                onBlur={() => setHovered(undefined)}
              >
                {toneOf(node) !== '' && <Icon name="cross" />}
                <span class="cut">{visible(node.label)}</span>
                <span class="port">{node.detail}</span>
                <span class="rate">{pace(node.connections / seconds)}</span>
              </button>
            ))}
          </section>
        ))}
      </div>
      {picked ? (
        <Picked node={picked} layout={layout} seconds={seconds} />
      ) : (
        <p class="legend quiet">
          <span class="key" /> width: connections
          <span class="key warn" /> some fail
          <span class="key bad" /> half or more fail
        </p>
      )}
    </div>
  );
}

/** What is known of the node that was chosen, and the way to its connections. */
function Picked({ node, layout, seconds }: { node: Node; layout: Layout; seconds: number }) {
  const links = layout.links.filter(({ from, to }) => from.key === node.key || to.key === node.key);
  const total = links.reduce((sum, link) => sum + link.bytes, 0);
  return (
    <p class="picked">
      <b class="mono">
        {visible(node.label)}
        {node.detail}
      </b>
      <span>{whole(node.connections)} connections</span>
      <span>{rate(node.connections / seconds)}/s</span>
      <span class={node.failed > 0 ? 'bad' : ''}>
        {whole(node.failed)} failed ({percent(node.failed / node.connections)})
      </span>
      <span>{bytes(total)}</span>
      <span>
        {links.length} {links.length === 1 ? 'peer' : 'peers'}
      </span>
      {node.filter !== undefined && (
        <button type="button" class="small" onClick={() => goTo('live', { filter: node.filter })}>
          <Icon name="live" /> Watch
        </button>
      )}
    </p>
  );
}

function allNodes({ columns }: Layout): readonly Node[] {
  return [...columns.clients, ...columns.here, ...columns.servers];
}

/** Per second, or per minute where that is less than one in ten seconds. */
function pace(perSecond: number): string {
  return perSecond >= 0.1 ? `${rate(perSecond)}/s` : `${rate(perSecond * 60)}/min`;
}

/** Now and then a connection fails everywhere: less than one in fifty is no colour. */
function toneOf({ failed, connections }: Pick<Link, 'failed' | 'connections'>): string {
  if (failed * 50 < connections || failed === 0) return '';
  return failed * 2 >= connections ? 'bad' : 'warn';
}

/** From 1 to 9 px, by the logarithm: rates differ by orders of magnitude. */
function widthOf(connections: number, most: number): string {
  return `${(1 + (8 * Math.log1p(connections)) / Math.log1p(Math.max(most, 2))).toFixed(1)}px`;
}
