import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiError } from '../data/http.ts';
import type { Shown } from '../data/row-state.ts';
import { Icon } from '../parts/icon.tsx';
import { keep } from '../shell/navigation.ts';
import { useShortcuts } from '../shell/shortcuts.ts';
import { visible } from '../text/visible.ts';

/** What to show, in tcpdump's words; what the program can't read of it is told beside. */
export function FilterBox({ filter, error }: { filter: string; error: ApiError | undefined }) {
  const box = useRef<HTMLInputElement>(null);
  const [text, setText] = useState(filter);
  useEffect(() => setText(filter), [filter]);
  useShortcuts(useFocusKey(box));
  const isWrong = error !== undefined && !error.isUnauthorized;
  return (
    <form
      class={`filter ${isWrong ? 'is-wrong' : ''}`}
      onSubmit={(event) => {
        event.preventDefault();
        keep({ filter: text.trim(), id: undefined });
      }}
    >
      <Icon name="filter" />
      <input
        ref={box}
        type="text"
        value={text}
        placeholder="host 192.0.2.1 and port 443"
        aria-label="Filter, in the words of tcpdump"
        aria-invalid={isWrong}
        aria-describedby={isWrong ? 'filter-error' : undefined}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          setText('');
          keep({ filter: undefined });
          event.currentTarget.blur();
        }}
      />
      {text !== filter && (
        <button type="submit" class="plain">
          Apply
        </button>
      )}
      {text === filter && filter !== '' && (
        <button
          type="button"
          class="plain"
          aria-label="Clear the filter"
          onClick={() => keep({ filter: undefined })}
        >
          <Icon name="cross" />
        </button>
      )}
      {isWrong && (
        <p id="filter-error" class="filter-error" role="alert">
          {error.message}
          {error.hint !== '' && <span> — {error.hint}</span>}
        </p>
      )}
    </form>
  );
}

function useFocusKey(box: { readonly current: HTMLInputElement | null }) {
  return useRef({ '/': () => box.current?.select() }).current;
}

const SHOWN_WORDS: readonly (readonly [Shown, string])[] = [
  ['all', 'All'],
  ['open', 'Open'],
  ['failed', 'Failed'],
  ['closed', 'Closed'],
];

export function ShownChoice({ shown }: { shown: Shown }) {
  return (
    <fieldset class="choice">
      <legend class="unseen">Which connections</legend>
      {SHOWN_WORDS.map(([name, word]) => (
        <label key={name} class={name === shown ? 'chosen' : ''}>
          <input
            type="radio"
            name="shown"
            value={name}
            checked={name === shown}
            onChange={() => keep({ show: name === 'all' ? undefined : name })}
          />
          {word}
        </label>
      ))}
    </fieldset>
  );
}

const RANGES = [
  ['', 'Live'],
  ['5m', 'Last 5 minutes'],
  ['15m', 'Last 15 minutes'],
  ['1h', 'Last hour'],
  ['24h', 'Last day'],
] as const;

/** Now, or how far back. */
export function RangeChoice({ since }: { since: string | undefined }) {
  const isOther = since !== undefined && !RANGES.some(([value]) => value === since);
  return (
    <select
      aria-label="Time"
      value={since ?? ''}
      onChange={(event) =>
        keep({ since: event.currentTarget.value, until: undefined, id: undefined })
      }
    >
      {RANGES.map(([value, word]) => (
        <option key={value} value={value}>
          {word}
        </option>
      ))}
      {isOther && <option value={since}>since {visible(since)}</option>}
    </select>
  );
}

export function PauseButton({ paused, onToggle }: { paused: boolean; onToggle: () => void }) {
  return (
    <button type="button" class={paused ? 'accent' : ''} aria-pressed={paused} onClick={onToggle}>
      <Icon name={paused ? 'play' : 'pause'} />
      {paused ? 'Go on' : 'Pause'}
    </button>
  );
}
