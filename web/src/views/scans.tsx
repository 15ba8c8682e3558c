import { useState } from 'preact/hooks';
import type { KnownScan, ScansAnswer } from '../../../src/model/history.ts';
import { type BlocksAnswer, isBlockedNow } from '../data/answers.ts';
import { usePoll } from '../data/poll.ts';
import type { Params } from '../data/route.ts';
import { session } from '../data/session.ts';
import { useWatched } from '../data/watched.ts';
import { Icon } from '../parts/icon.tsx';
import { Empty, Failure } from '../parts/says.tsx';
import { Term } from '../parts/term.tsx';
import { keep } from '../shell/navigation.ts';
import { dateTime, whole } from '../text/format.ts';
import { visible } from '../text/visible.ts';
import { type Ask, AskDialog } from './block-dialogs.tsx';
import { AllowTable, BlockTable } from './block-tables.tsx';
import { ScanDetail } from './scan-detail.tsx';

const RANGES = [
  ['1h', 'Last hour'],
  ['24h', 'Last day'],
  ['7d', 'Last week'],
  ['30d', 'Last 30 days'],
] as const;

const knownAlerts = () => session.alerts;

/** Who scanned, what shows it, who is blocked, and the ways to change that. */
export function ScansView({ params }: { params: Params }) {
  const { alerts } = useWatched(session, knownAlerts);
  // An alert changes what is listed: asked for at once
  const since = params['since'] ?? '24h';
  const scans = usePoll<ScansAnswer>('/scans', { limit: '100', since }, 5000, alerts.length);
  const blocks = usePoll<BlocksAnswer>('/blocks', {}, 2000, alerts.length);
  const [ask, setAsk] = useState<Ask>();
  const list = scans.data?.scans ?? [];
  const wanted = params['scan'];
  const chosen = wanted === undefined ? list[0] : list.find((scan) => keyOf(scan) === wanted);
  return (
    <div class="page">
      <div class="tools">
        <select
          aria-label="Time"
          value={since}
          onChange={(event) => keep({ since: event.currentTarget.value, scan: undefined })}
        >
          {RANGES.map(([value, word]) => (
            <option key={value} value={value}>
              {word}
            </option>
          ))}
          {!RANGES.some(([value]) => value === since) && (
            <option value={since}>since {visible(since)}</option>
          )}
        </select>
      </div>
      {scans.error && !scans.data && <Failure error={scans.error} />}
      {scans.data && list.length === 0 && (
        <Empty>
          No scan was seen in this time. <Term slug="event-scan">What is one?</Term>
        </Empty>
      )}
      {list.length > 0 && (
        <div class="scans">
          <ScanList scans={list} chosen={chosen} since={since} blocks={blocks.data} />
          {chosen ? (
            <ScanDetail scan={chosen} blocks={blocks.data} params={params} onAsk={setAsk} />
          ) : (
            <Empty>The scan of this link is not among those of this time.</Empty>
          )}
        </div>
      )}
      {blocks.error && !blocks.data && <Failure error={blocks.error} />}
      {blocks.data && (
        <>
          <BlockTable answer={blocks.data} onAsk={setAsk} />
          <AllowTable answer={blocks.data} onAsk={setAsk} />
        </>
      )}
      {ask && (
        <AskDialog
          ask={ask}
          onClose={() => {
            setAsk(undefined);
            blocks.refresh();
          }}
        />
      )}
    </div>
  );
}

const keyOf = ({ src_ip, kind, dst_ip, evidence, first }: KnownScan) =>
  `${src_ip} ${kind} ${dst_ip} ${(first?.evidence ?? evidence).first_ts}`;

const STATES = {
  start: ['goes on', 'live', 'bad'],
  update: ['goes on', 'live', 'bad'],
  end: ['over', 'check', 'quiet'],
} as const;

function ScanList({
  scans,
  chosen,
  since,
  blocks,
}: {
  scans: readonly KnownScan[];
  chosen: KnownScan | undefined;
  since: string;
  blocks: BlocksAnswer | undefined;
}) {
  return (
    <div class="scan-list">
      <h2>Scans</h2>
      <ul>
        {scans.map((scan) => {
          const [word, icon, tone] = STATES[scan.state];
          const isBlocked = isBlockedNow(scan, blocks);
          return (
            <li key={keyOf(scan)}>
              <button
                type="button"
                aria-pressed={scan === chosen}
                onClick={() => keep({ scan: keyOf(scan), since })}
              >
                <span class="mono">{scan.src_ip}</span>
                <span class={isBlocked ? 'good' : 'warn'}>
                  <Icon name={isBlocked ? 'block' : 'warn'} />
                  {isBlocked ? 'blocked' : 'not blocked'}
                </span>
                <span class="quiet">
                  {scan.kind}, {whole(scan.evidence.port_count)}{' '}
                  {scan.evidence.port_count === 1 ? 'port' : 'ports'}
                </span>
                <span class={tone}>
                  <Icon name={icon} /> {word}
                </span>
                <time class="quiet" dateTime={scan.ts}>
                  {dateTime(Date.parse(scan.evidence.last_ts))}
                </time>
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
