import { Component } from 'preact';
import type { Row } from '../data/rows.ts';
import { RowState, STATE_LOOKS } from '../data/row-state.ts';
import { Icon } from '../parts/icon.tsx';
import { bytes, clock, dateTime, duration, whole } from '../text/format.ts';
import { visible } from '../text/visible.ts';

interface Props {
  readonly row: Row;
  readonly at: number;
  readonly topPx: number;
  readonly isActive: boolean;
  readonly isOpened: boolean;
  readonly onOpen: (seq: number) => void;
}

/** One connection, or a gap between them. */
export class ConnectionRow extends Component<Props> {
  /** Most rows in sight are as they were: drawing them again would be the page's greatest cost. */
  override shouldComponentUpdate(next: Readonly<Props>): boolean {
    return !isSame(this.props, next);
  }

  override render() {
    return <Drawn {...this.props} />;
  }
}

function Drawn({ row, at, topPx, isActive, isOpened, onOpen }: Props) {
  const look = STATE_LOOKS[row.state]!;
  const common = {
    id: `row-${row.seq}`,
    role: 'row' as const,
    'aria-rowindex': at + 2,
    'aria-selected': isActive || isOpened,
    style: { transform: `translateY(${topPx}px)` },
  };
  if (row.state === RowState.gap)
    return (
      <tr {...common} class="gap-row">
        <td role="gridcell" aria-colspan={11}>
          <Icon name="gap" />
          <span>{row.name}</span>
        </td>
      </tr>
    );
  return (
    <tr
      {...common}
      class={`${isActive ? 'active' : ''} ${isOpened ? 'opened' : ''} ${row.id === '' ? 'fixed' : ''}`}
      onClick={() => onOpen(row.seq)}
    >
      <td role="gridcell" class="time" title={dateTime(row.startMs)}>
        {clock(row.startMs)}
      </td>
      <td role="gridcell" class={`state-cell ${look.tone}`}>
        <Icon name={look.icon} />
        <span>{look.word}</span>
        {row.count > 1 && <span class="times">×{whole(row.count)}</span>}
      </td>
      <td role="gridcell" class="way" title={row.direction}>
        <Way direction={row.direction} />
      </td>
      <End address={row.src} port={row.srcPort} name="src" />
      <End address={row.dst} port={row.dstPort} name="dst" />
      <td role="gridcell" class="cut process" title={visible(row.process)}>
        {visible(row.process)}
      </td>
      <td role="gridcell" class="cut app" title={visible(row.name)}>
        {row.service !== '' && <span class="service">{row.service}</span>}
        {row.proto !== 'tcp' && <span class="service">{row.proto}</span>}
        {visible(row.name)}
      </td>
      <td role="gridcell" class="number long">
        {duration(row.durationS)}
      </td>
      <td role="gridcell" class="number sent">
        {bytes(row.origBytes)}
      </td>
      <td role="gridcell" class="number got">
        {bytes(row.respBytes)}
      </td>
      <td role="gridcell" class="number rtt">
        {duration(row.rttUs / 1e6)}
        {row.retransmits > 0 && (
          <span class="warn" title={`${row.retransmits} retransmissions`}>
            {' '}
            ↻{row.retransmits}
          </span>
        )}
      </td>
    </tr>
  );
}

/** The port stays in sight when the address doesn't fit. */
function End({ address, port, name }: { address: string; port: number; name: string }) {
  const text = address.includes(':') ? `[${address}]` : address;
  return (
    <td role="gridcell" class={`end ${name}`} title={`${text}:${port}`}>
      <span class="cut">{text === '' ? 'many' : text}</span>
      {port !== 0 && <span class="port">:{port}</span>}
    </td>
  );
}

const WAYS: Readonly<Record<string, string>> = {
  inbound: 'in',
  outbound: 'out',
  local: 'both',
  forwarded: 'both',
};

function Way({ direction }: { direction: string }) {
  const icon = WAYS[direction];
  return icon === undefined ? null : <Icon name={icon} title={direction} />;
}

const SHOWN_FIELDS = [
  'seq',
  'startMs',
  'state',
  'src',
  'srcPort',
  'dst',
  'dstPort',
  'process',
  'name',
  'service',
  'durationS',
  'origBytes',
  'respBytes',
  'rttUs',
  'retransmits',
  'count',
] as const;

function isSame(a: Props, b: Props): boolean {
  return (
    a.at === b.at &&
    a.topPx === b.topPx &&
    a.isActive === b.isActive &&
    a.isOpened === b.isOpened &&
    SHOWN_FIELDS.every((field) => Object.is(a.row[field], b.row[field]))
  );
}
