import { useEffect, useRef, useState } from 'preact/hooks';
import type { JsonConnection } from '../../../src/model/json.ts';
import type { Story as StoryAnswer } from '../../../src/model/history.ts';
import { usePoll } from '../data/poll.ts';
import { STATE_LOOKS, stateOf } from '../data/row-state.ts';
import { Icon } from '../parts/icon.tsx';
import { Failure } from '../parts/says.tsx';
import { Term } from '../parts/term.tsx';
import { bytes, clock, dateTime, duration, endpoint } from '../text/format.ts';
import { visible } from '../text/visible.ts';
import { factsOf } from './story-facts.ts';

/** All that is known of one connection: what happened when, its ends, what it carried, and the line as it is written. */
export function Story({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error } = usePoll<StoryAnswer>(`/connections/${encodeURIComponent(id)}`, {}, 2000);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !document.querySelector(':popover-open, dialog[open]'))
        onClose();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [onClose]);
  return (
    <aside class="story" aria-labelledby="story-title">
      <div class="story-head">
        <h2 id="story-title" ref={heading} tabIndex={-1}>
          {data ? <Ends of={data.connection} /> : 'Connection'}
        </h2>
        <button type="button" class="plain" aria-label="Close the story" onClick={onClose}>
          <Icon name="cross" />
        </button>
      </div>
      {error !== undefined && data === undefined && <Failure error={error} />}
      {data && (
        <>
          <Timeline events={data.events} />
          <TraceHint of={data.connection} />
          <Facts of={data.connection} />
          <Raw events={data.events} />
        </>
      )}
    </aside>
  );
}

function Ends({ of }: { of: JsonConnection }) {
  return (
    <>
      <span>{of.src_ip === undefined ? 'many' : endpoint(of.src_ip, of.src_port ?? 0)}</span>
      <span class="arrow"> → </span>
      <span>{endpoint(of.dst_ip, of.dst_port)}</span>
    </>
  );
}

/** What happened, in its order, with the time between. */
function Timeline({ events }: { events: readonly JsonConnection[] }) {
  const begin = Date.parse(events[0]?.start_ts ?? events[0]?.ts ?? '');
  return (
    <ol class="timeline" aria-label="What happened">
      {events.map((event, i) => {
        const look = STATE_LOOKS[stateOf(event)]!;
        const ms = Date.parse(event.ts);
        const before = i === 0 ? begin : Date.parse(events[i - 1]!.ts);
        return (
          <li key={i} class={look.tone}>
            <span class="dot">
              <Icon name={look.icon} />
            </span>
            <span class="what">
              <Term slug={look.slug}>{look.word}</Term>
              {event.outcome !== undefined && event.outcome !== look.word && (
                <>
                  {' '}
                  <Term slug={`outcome-${event.outcome}`}>{event.outcome}</Term>
                </>
              )}
              {event.error !== undefined && <span class="quiet"> {event.error}</span>}
            </span>
            <time dateTime={event.ts} title={dateTime(ms)}>
              {clock(ms)}
            </time>
            <span class="since">{ms > before ? `+${duration((ms - before) / 1000)}` : ''}</span>
          </li>
        );
      })}
    </ol>
  );
}

/** Outcomes of which the way there says more. */
const FAILED: ReadonlySet<string | undefined> = new Set(['timeout', 'refused', 'reset']);

/** The command that finds where the way to who was called ends; of who calls this host no port is known that listens. */
function TraceHint({ of }: { of: JsonConnection }) {
  if (!FAILED.has(of.outcome) || of.direction === 'inbound') return null;
  return (
    <p class="trace">
      Where it ends: <code>packetwatch trace {endpoint(of.dst_ip, of.dst_port)}</code>
    </p>
  );
}

function Facts({ of }: { of: JsonConnection }) {
  return (
    <>
      {of.orig_bytes !== undefined && of.resp_bytes !== undefined && <Bytes of={of} />}
      {factsOf(of).map(([title, facts]) => (
        <section key={title}>
          <h3>{title}</h3>
          <dl class="facts">
            {facts.map(([slug, word, value]) => (
              <div key={slug}>
                <dt>
                  <Term slug={slug}>{word}</Term>
                </dt>
                <dd>{visible(value)}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </>
  );
}

/** Which way the payload went. */
function Bytes({ of }: { of: JsonConnection }) {
  const [sent, received] = [of.orig_bytes!, of.resp_bytes!];
  const share = sent + received === 0 ? 50 : (sent / (sent + received)) * 100;
  return (
    <div class="split">
      <span>
        {bytes(sent)} <Term slug="field-orig-bytes">sent</Term>
      </span>
      <span>
        {bytes(received)} <Term slug="field-resp-bytes">received</Term>
      </span>
      <div class="split-bar" aria-hidden="true">
        <i style={{ width: `${share}%` }} />
      </div>
    </div>
  );
}

function Raw({ events }: { events: readonly JsonConnection[] }) {
  const [open, setOpen] = useState(false);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>JSON lines</summary>
      {open &&
        events.map((event, i) => (
          <pre key={i}>{JSON.stringify(event, null, 1).split('\n').map(visible).join('\n')}</pre>
        ))}
    </details>
  );
}
