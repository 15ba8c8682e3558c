import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { RowStore } from '../data/rows.ts';
import { session } from '../data/session.ts';
import { Icon } from '../parts/icon.tsx';
import { Term } from '../parts/term.tsx';
import { Empty } from '../parts/says.tsx';
import { keep } from '../shell/navigation.ts';
import { ROW_ID } from './live-row.tsx';
import { LiveRows } from './live-rows.ts';

/** Heights are fixed, so that where a row lies is arithmetic; narrow screens have two lines for each. */
const ROW_PX = { wide: 27, narrow: 48 };
const NARROW = '(max-width: 800px)';
/** Rows beyond the edges, so that scrolling shows no holes. */
const OVERSCAN = 6;

const COLUMNS: readonly (readonly [slug: string, title: string, isNumber?: boolean])[] = [
  ['field-start-ts', 'Time'],
  ['field-event', 'State'],
  ['field-direction', 'Way'],
  ['originator', 'Originator'],
  ['responder', 'Responder'],
  ['field-process', 'Process'],
  ['field-service', 'Application'],
  ['field-duration-s', 'Duration', true],
  ['field-orig-bytes', 'Sent', true],
  ['field-resp-bytes', 'Received', true],
  ['field-rtt-us', 'RTT', true],
];

interface Props {
  readonly store: RowStore;
  /** Numbers of its rows in the order of the table, and how many there are. */
  readonly list: Float64Array;
  readonly count: number;
  /** The id of the row whose story is open. */
  readonly opened: string | undefined;
  readonly isPast: boolean;
  /** The last row has come into sight. */
  readonly onEnd: () => void;
}

/** Thousands of connections of which only those in sight are in the document. */
export function ConnectionTable({ store, list, count, opened, isPast, onEnd }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [rowPx, setRowPx] = useState(ROW_PX.wide);
  const [active, drawActive] = useState<number>();
  // Keys may come faster than the table is drawn
  const current = useRef<number>(undefined);
  const setActive = (seq: number | undefined) => {
    current.current = seq;
    drawActive(seq);
  };

  useLayoutEffect(() => {
    const element = scroller.current!;
    const narrow = matchMedia(NARROW);
    const read = () => {
      setHeight(element.clientHeight);
      setRowPx(narrow.matches ? ROW_PX.narrow : ROW_PX.wide);
    };
    const observer = new ResizeObserver(read);
    observer.observe(element);
    read();
    return () => observer.disconnect();
  }, []);

  const isStill = top > 0 || active !== undefined || opened !== undefined;
  useEffect(() => {
    if (isPast) return;
    if (isStill) session.hold('held');
    else if (!session.paused) void session.follow();
  }, [isStill, isPast]);

  const first = Math.max(0, Math.floor(top / rowPx) - OVERSCAN);
  const last = Math.min(count, Math.ceil((top + height) / rowPx) + OVERSCAN);
  const end = last === count;
  useEffect(() => {
    if (end && isPast) onEnd();
  }, [end, isPast, onEnd, store.size]); // a page may have none of those that are shown

  const placeOf = (seq: number | undefined) =>
    seq === undefined ? -1 : list.subarray(0, count).indexOf(seq);
  const move = (to: number) => {
    const at = Math.max(0, Math.min(count - 1, to));
    const seq = list[at];
    if (seq === undefined || count === 0) return;
    setActive(seq);
    const element = scroller.current!;
    const head = rowPx; // of the heading, which stays
    if (at * rowPx < element.scrollTop) element.scrollTop = at * rowPx;
    else if ((at + 1) * rowPx > element.scrollTop + height - head)
      element.scrollTop = (at + 1) * rowPx - height + head;
  };
  const open = (seq: number) => {
    const { id } = store.row(seq);
    setActive(seq);
    if (id !== '') keep({ id });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Keys of the words in the heading are theirs
    if (event.target !== event.currentTarget) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const activeAt = placeOf(current.current);
    const page = Math.max(1, Math.floor(height / rowPx) - 2);
    const to = {
      ArrowDown: activeAt + 1,
      ArrowUp: activeAt - 1,
      PageDown: activeAt + page,
      PageUp: activeAt - page,
      Home: 0,
      End: count - 1,
    }[event.key];
    if (to !== undefined) move(to);
    else if (event.key === 'Enter' && current.current !== undefined) open(current.current);
    else if (event.key === 'Escape') {
      if (opened !== undefined) keep({ id: undefined });
      setActive(undefined);
    } else return;
    event.preventDefault();
  };
  const toTop = useCallback(() => {
    scroller.current!.scrollTop = 0;
    setTop(0);
    setActive(undefined);
    keep({ id: undefined });
    void session.follow();
  }, []);

  const body = useRef<HTMLTableSectionElement>(null);
  const rows = useRef<LiveRows>(undefined);
  useLayoutEffect(() => {
    rows.current ??= new LiveRows(body.current!);
    const openedSeq = opened === undefined ? undefined : store.seqOf(opened);
    rows.current.draw({ store, list, first, last, rowPx, active, opened: openedSeq });
  });
  useEffect(() => () => rows.current?.stop(), []);
  const heading = useMemo(() => <Heading />, []);
  return (
    <div class="table-area">
      {!isPast && session.passed > 0 && (
        <button type="button" class="newer" onClick={toTop}>
          <Icon name="up" />
          {session.passedText} newer
        </button>
      )}
      <div
        class={`table ${store.hasNames ? '' : 'no-app'}`}
        ref={scroller}
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}
      >
        <table
          role="grid"
          aria-label="Connections"
          aria-rowcount={count + 1}
          aria-colcount={COLUMNS.length}
          aria-activedescendant={placeOf(active) < 0 ? undefined : `${ROW_ID}${active}`}
          tabIndex={0}
          onKeyDown={onKeyDown}
        >
          {heading}
          <tbody
            role="rowgroup"
            ref={body}
            style={{ height: `${count * rowPx}px` }}
            onClick={(event) => {
              const row = (event.target as Element).closest('tr');
              if (row) open(Number(row.id.slice(ROW_ID.length)));
            }}
          />
        </table>
        {count === 0 && (
          <Empty>
            {isPast
              ? 'No connections in this time.'
              : 'Nothing yet. Connections appear here as they are made.'}
          </Empty>
        )}
      </div>
    </div>
  );
}

function Heading() {
  return (
    <thead role="rowgroup">
      <tr role="row" aria-rowindex={1}>
        {COLUMNS.map(([slug, title, isNumber]) => (
          <th key={slug} role="columnheader" scope="col" class={isNumber ? 'number' : ''}>
            <Term slug={slug}>{title}</Term>
          </th>
        ))}
      </tr>
    </thead>
  );
}
