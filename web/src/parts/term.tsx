import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Entry } from '../../../src/model/glossary/entry.ts';
import { glossary } from '../data/glossary.ts';

interface Shown {
  readonly slug: string;
  readonly anchor: HTMLElement;
}

/** Of the boxes that stand in the document; what is outside of a dialog can't be reached while that is open. */
const boxes: ((shown: Shown) => void)[] = [];

function show(shown: Shown): void {
  boxes.at(-1)?.(shown);
}

/** How long a pointer rests before the term explains itself. */
const REST_MS = 450;

/** A word that explains itself, by click, key or a resting pointer. @param slug its entry in the glossary */
export function Term({ slug, children }: { slug: string; children: ComponentChildren }) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <button
      type="button"
      class="term"
      aria-haspopup="dialog"
      onClick={(event) => {
        event.stopPropagation();
        clearTimeout(timer.current);
        show({ slug, anchor: event.currentTarget });
      }}
      onPointerEnter={(event) => {
        const anchor = event.currentTarget;
        if (event.pointerType !== 'mouse') return;
        timer.current = setTimeout(() => show({ slug, anchor }), REST_MS);
      }}
      onPointerLeave={() => clearTimeout(timer.current)}
    >
      {children}
    </button>
  );
}

/** Where terms explain themselves; stands in the page's frame and in each dialog. */
export function TermPopover() {
  const [shown, setShown] = useState<Shown>();
  const [entries, setEntries] = useState<ReadonlyMap<string, Entry>>();
  const box = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    boxes.push(setShown);
    return () => {
      boxes.splice(boxes.indexOf(setShown), 1);
    };
  }, []);

  useEffect(() => {
    if (!shown) return;
    glossary().then(setEntries, () => setEntries(new Map()));
  }, [shown]);

  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const onToggle = (event: Event) => {
      if ((event as ToggleEvent).newState === 'closed') setShown(undefined);
    };
    element.addEventListener('toggle', onToggle);
    return () => element.removeEventListener('toggle', onToggle);
  }, []);

  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !shown) return;
    if (!element.matches(':popover-open')) element.showPopover({ source: shown.anchor });
    place(element, shown.anchor);
  }, [shown, entries]);

  const entry = shown && entries?.get(shown.slug);
  return (
    <div ref={box} popover="auto" class="term-box" role="dialog" aria-label="Explanation">
      {entry && entries ? (
        <Explained entry={entry} entries={entries} onSee={(slug) => setShown({ ...shown, slug })} />
      ) : (
        <p class="quiet">{entries ? 'The glossary has no entry for it.' : 'Looking it up …'}</p>
      )}
    </div>
  );
}

function Explained({
  entry,
  entries,
  onSee,
}: {
  entry: Entry;
  entries: ReadonlyMap<string, Entry>;
  onSee: (slug: string) => void;
}) {
  const see = entry.see.filter((slug) => entries.has(slug));
  return (
    <>
      <h3>
        {entry.term} <span class="kind">{entry.kind}</span>
      </h3>
      <p>{coded(entry.definition)}</p>
      {entry.meaning !== undefined && <p>{coded(entry.meaning)}</p>}
      {entry.action !== undefined && (
        <p>
          <b>What to do: </b>
          {coded(entry.action)}
        </p>
      )}
      {see.length > 0 && (
        <p class="see">
          See{' '}
          {see.map((slug) => (
            <button key={slug} type="button" class="term" onClick={() => onSee(slug)}>
              {entries.get(slug)!.term}
            </button>
          ))}
        </p>
      )}
      {entry.source !== undefined && <p class="quiet">{entry.source}</p>}
    </>
  );
}

/** Backticks of the glossary stand around what is typed. */
function coded(text: string): ComponentChildren {
  return text.split('`').map((part, i) => (i % 2 === 1 ? <code key={i}>{part}</code> : part));
}

/** Below its word, or above where there is no room, and never over the edge. */
function place(box: HTMLElement, anchor: HTMLElement): void {
  const word = anchor.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const below = word.bottom + GAP + height <= innerHeight || word.top < height;
  const top = below
    ? Math.min(word.bottom + GAP, innerHeight - height - GAP)
    : word.top - GAP - height;
  const left = Math.min(word.left, innerWidth - width - GAP);
  box.style.top = `${Math.max(GAP, top)}px`;
  box.style.left = `${Math.max(GAP, left)}px`;
}

const GAP = 6;
