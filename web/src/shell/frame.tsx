import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { get } from '../data/http.ts';
import { type View, VIEWS } from '../data/route.ts';
import { alertText, session } from '../data/session.ts';
import { useWatched } from '../data/watched.ts';
import { ChangeDialog } from '../parts/change.tsx';
import { Icon } from '../parts/icon.tsx';
import { TermPopover } from '../parts/term.tsx';
import { visible } from '../text/visible.ts';
import { announceIn } from './announce.ts';
import { Help } from './help.tsx';
import { useShortcuts, VIEW_KEYS } from './shortcuts.ts';
import { currentTheme, nextTheme } from './theme.ts';

export const TITLES: Readonly<Record<View, string>> = {
  live: 'Live',
  map: 'Map',
  scans: 'Scans',
  tcp: 'TCP',
  sockets: 'Sockets',
  health: 'Health',
};

/** All that stands around a view: where one is, how the link is, what alerts. */
export function Frame({ view, children }: { view: View; children: ComponentChildren }) {
  const [help, setHelp] = useState(false);
  const [theme, setTheme] = useState(currentTheme);
  const keys = useMemo(
    () => ({ ...VIEW_KEYS, '?': () => setHelp(true), t: () => setTheme(nextTheme()) }),
    [],
  );
  useShortcuts(keys);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <header class="bar">
        <span class="brand">
          <Icon name="live" />
          <span>Packetwatch</span>
        </span>
        <nav aria-label="Views">
          {VIEWS.map((name) => (
            <a key={name} href={`#/${name}`} {...(name === view ? { 'aria-current': 'page' } : {})}>
              <Icon name={name} />
              <span>{TITLES[name]}</span>
            </a>
          ))}
        </nav>
        <LinkState />
        <button
          type="button"
          class="plain"
          title={`Theme: ${theme}`}
          aria-label={`Theme: ${theme}`}
          onClick={() => setTheme(nextTheme())}
        >
          <Icon name={theme === 'light' ? 'sun' : theme === 'dark' ? 'moon' : 'system'} />
        </button>
        <button
          type="button"
          class="plain"
          title="Keys (?)"
          aria-label="Keys"
          onClick={() => setHelp(true)}
        >
          <Icon name="help" />
        </button>
      </header>
      <Gap />
      <main id="main" tabIndex={-1} aria-label={TITLES[view]}>
        {children}
      </main>
      <div class="unseen" aria-live="polite" ref={announceIn} />
      <TermPopover />
      {help && <Help onClose={() => setHelp(false)} />}
      <TokenWanted />
    </>
  );
}

/** Away from loopback nothing is told without the token. */
function TokenWanted() {
  const { refusal } = useWatched(session);
  if (refusal?.isUnauthorized !== true) return null;
  return (
    <ChangeDialog
      title="This program wants its token"
      word="Go on"
      done="The token is right"
      run={async () => {
        await get('/status');
        location.reload(); // each view asks again
      }}
      onClose={() => {}}
    >
      <p>It listens on an address that others can reach.</p>
    </ChangeDialog>
  );
}

/** The hash is the route's, so a link to an id would change the view. */
function skip(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}

const LINKS = {
  connecting: ['wait', 'ring', 'connecting'],
  live: ['good', 'dot', 'live'],
  lost: ['bad', 'cross', 'no answer, trying again'],
  refused: ['bad', 'block', 'refused'],
} as const;

function LinkState() {
  const { state, run, alerts } = useWatched(session);
  const [tone, icon, word] = LINKS[state];
  const newest = alerts[0];
  return (
    <div class="state">
      {newest && (
        <a class="newest bad" href="#/scans" title={alertText(newest)}>
          <Icon name="warn" />
          <span>{alertText(newest)}</span>
        </a>
      )}
      <span
        class={`pill ${tone}`}
        title={run ? `Packetwatch ${run.version} on ${visible(run.host)}` : word}
      >
        <Icon name={icon} />
        <span>
          {state === 'live' ? visible(run?.host ?? '') : word}
          {state === 'live' && <span class="unseen"> is live</span>}
        </span>
      </span>
    </div>
  );
}

function Gap() {
  const { gap } = useWatched(session);
  if (gap === undefined) return null;
  return (
    <p class="strip warn" role="status">
      <Icon name="gap" />
      <span>{gap}</span>
      <button type="button" class="plain" onClick={() => session.dismissGap()}>
        Understood
      </button>
    </p>
  );
}
