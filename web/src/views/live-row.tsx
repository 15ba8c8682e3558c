import { render } from 'preact';
import type { Row } from '../data/rows.ts';
import { RowState, STATE_LOOKS } from '../data/row-state.ts';
import { Icon, iconPath } from '../parts/icon.tsx';
import { bytes, clock, dateTime, duration, whole } from '../text/format.ts';
import { visible } from '../text/visible.ts';

/** Before the number of a row, in its id. */
export const ROW_ID = 'row-';

/** How a row is shown, beside what it says. */
export interface RowPlace {
  /** In the order of the table. */
  readonly at: number;
  readonly topPx: number;
  readonly isActive: boolean;
  readonly isOpened: boolean;
}

/**
 * The elements of one row, made once and written again for another connection: a text that changes costs a fraction of
 * an element that is made, and what didn't change costs nothing.
 */
export class RowElement {
  readonly tr: HTMLTableRowElement;
  /** The row that it is for, and where that stands in the table; `draw` shows it. */
  seq = -1;
  at = 0;
  readonly #cells: readonly HTMLElement[];
  #gap: HTMLElement | undefined;
  #row: Row | undefined;
  #place: RowPlace | undefined;

  constructor() {
    this.tr = (template ??= makeTemplate()).cloneNode(true) as HTMLTableRowElement;
    this.#cells = [...this.tr.children] as HTMLElement[];
    this.tr.addEventListener('pointerover', (event) => this.#explain(event.target as Element));
  }

  /** Whether it has to be drawn. */
  differs(row: Row, place: RowPlace): boolean {
    const [drawn, was] = [this.#row, this.#place];
    return (
      drawn === undefined ||
      was === undefined ||
      PLACED.some((field) => place[field] !== was[field]) ||
      SHOWN.some((field) => !Object.is(row[field], drawn[field]))
    );
  }

  draw(row: Row, place: RowPlace): void {
    const { tr } = this;
    if (row.seq !== this.#row?.seq) {
      tr.id = `${ROW_ID}${row.seq}`;
      for (const titled of tr.querySelectorAll('td[title]')) titled.removeAttribute('title');
    }
    if (place.topPx !== this.#place?.topPx) tr.style.transform = `translateY(${place.topPx}px)`;
    attribute(tr, 'aria-rowindex', String(place.at + 2));
    attribute(tr, 'aria-selected', String(place.isActive || place.isOpened));
    const isGap = row.state === RowState.gap;
    className(
      tr,
      `${isGap ? 'gap-row' : row.id === '' ? 'fixed' : ''} ${place.isActive ? 'active' : ''} ${place.isOpened ? 'opened' : ''}`,
    );
    if (isGap) this.#drawGap(row.name);
    else this.#drawCells(row);
    this.#row = row;
    this.#place = place;
  }

  #drawCells(row: Row): void {
    const [time, state, way, src, dst, process, app, long, sent, got, rtt] = this.#cells;
    if (time!.parentNode !== this.tr) this.tr.replaceChildren(...this.#cells);
    const look = STATE_LOOKS[row.state]!;
    text(time!, clock(row.startMs));
    className(state!, `state-cell ${look.tone}`);
    icon(state!.firstElementChild!, look.icon);
    text(state!.children[1]!, look.word);
    text(state!.children[2]!, row.count > 1 ? `×${whole(row.count)}` : '');
    icon(way!.firstElementChild!, WAYS[row.direction] ?? '');
    attribute(way!.firstElementChild!, 'aria-label', row.direction);
    end(src!, row.src, row.srcPort);
    end(dst!, row.dst, row.dstPort);
    text(process!, visible(row.process));
    label(app!.children[0] as HTMLElement, row.service);
    label(app!.children[1] as HTMLElement, row.proto === 'tcp' ? '' : row.proto);
    text(app!.children[2]!, visible(row.name));
    text(long!, duration(row.durationS));
    text(sent!, bytes(row.origBytes));
    text(got!, bytes(row.respBytes));
    text(rtt!.children[0]!, duration(row.rttUs / 1e6));
    text(rtt!.children[1]!, row.retransmits > 0 ? ` ↻${row.retransmits}` : '');
  }

  #drawGap(said: string): void {
    this.#gap ??= made(
      <td role="gridcell" aria-colspan={11}>
        <Icon name="gap" />
        <span> </span>
      </td>,
    );
    text(this.#gap.lastElementChild!, said);
    if (this.#gap.parentNode !== this.tr) this.tr.replaceChildren(this.#gap);
  }

  /** What is cut off or short is told in full where a pointer is; on each cell of each row it would cost too much. */
  #explain(target: Element): void {
    const cell = target.closest('td');
    const row = this.#row;
    if (!cell || !row || row.state === RowState.gap) return;
    const [time, , way, , , , , , , , rtt] = this.#cells;
    if (cell === time) cell.title = dateTime(row.startMs);
    else if (cell === way) cell.title = row.direction;
    else if (cell === rtt)
      cell.title = row.retransmits > 0 ? `${whole(row.retransmits)} retransmissions` : '';
    else cell.title = cell.textContent;
  }
}

const PLACED = ['at', 'topPx', 'isActive', 'isOpened'] as const;

const SHOWN = [
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

const WAYS: Readonly<Record<string, string>> = {
  inbound: 'in',
  outbound: 'out',
  local: 'both',
  forwarded: 'both',
};

let template: HTMLElement | undefined;

function makeTemplate(): HTMLElement {
  return made(
    <tr role="row">
      <td role="gridcell" class="time">
        {' '}
      </td>
      <td role="gridcell" class="state-cell">
        <Icon name="ring" />
        <span> </span>
        <span class="times"> </span>
      </td>
      <td role="gridcell" class="way">
        <Icon name="in" title="inbound" />
      </td>
      {['src', 'dst'].map((name) => (
        <td key={name} role="gridcell" class={`end ${name}`}>
          <span class="cut"> </span>
          <span class="port"> </span>
        </td>
      ))}
      <td role="gridcell" class="cut process">
        {' '}
      </td>
      <td role="gridcell" class="cut app">
        <span class="service"> </span>
        <span class="service"> </span>
        <span> </span>
      </td>
      {['long', 'sent', 'got'].map((name) => (
        <td key={name} role="gridcell" class={`number ${name}`}>
          {' '}
        </td>
      ))}
      <td role="gridcell" class="number rtt">
        <span> </span>
        <span class="warn"> </span>
      </td>
    </tr>,
  );
}

function made(element: Parameters<typeof render>[0]): HTMLElement {
  const place = document.createElement('template');
  render(element, place);
  return place.firstElementChild as HTMLElement;
}

/** Of an element that holds nothing else. */
function text(element: Element, value: string): void {
  const node = element.firstChild as Text;
  if (node.data !== value) node.data = value;
}

function label(element: HTMLElement, value: string): void {
  text(element, value);
  element.hidden = value === '';
}

/** The port stays in sight when the address doesn't fit. */
function end(cell: Element, address: string, port: number): void {
  text(
    cell.firstElementChild!,
    address === '' ? 'many' : address.includes(':') ? `[${address}]` : address,
  );
  text(cell.lastElementChild!, port === 0 ? '' : `:${port}`);
}

function icon(svg: Element, name: string): void {
  className(svg, `icon icon-${name}`);
  attribute(svg.firstElementChild!, 'd', iconPath(name));
}

function className(element: Element, value: string): void {
  attribute(element, 'class', value);
}

function attribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}
