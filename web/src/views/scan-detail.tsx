import type { KnownScan } from '../../../src/model/history.ts';
import { type BlocksAnswer, isBlockedNow, type ProbesAnswer } from '../data/answers.ts';
import { usePoll } from '../data/poll.ts';
import type { Params } from '../data/route.ts';
import { Icon } from '../parts/icon.tsx';
import { Failure } from '../parts/says.tsx';
import { isTable, ShapeChoice } from '../parts/shape.tsx';
import { Term } from '../parts/term.tsx';
import { dateTime, duration, whole } from '../text/format.ts';
import type { Ask } from './block-dialogs.tsx';
import { ProbeChart, ProbeTable } from './probes.tsx';

/** One scan: what was tried when, the evidence, and what can be done. */
export function ScanDetail({
  scan,
  blocks,
  params,
  onAsk,
}: {
  scan: KnownScan;
  blocks: BlocksAnswer | undefined;
  params: Params;
  onAsk: (ask: Ask) => void;
}) {
  const source = scan.src_ip;
  const { data, error } = usePoll<ProbesAnswer>(
    `/scans/${encodeURIComponent(source)}/probes`,
    { limit: '1000', since: shortlyBefore(scan.evidence.first_ts) },
    5000,
  );
  const isBlocked = isBlockedNow(scan, blocks);
  return (
    <section class="scan" aria-labelledby="scan-title">
      <div class="scan-head">
        <h2 id="scan-title" class="mono">
          {source}
        </h2>
        <Term slug={`scan-${scan.kind}`}>{scan.kind} scan</Term>
        <span class="spacer" />
        {isBlocked ? (
          <button type="button" onClick={() => onAsk({ what: 'unblock', address: source })}>
            Unblock
          </button>
        ) : (
          <button
            type="button"
            class="danger"
            onClick={() => onAsk({ what: 'block', address: source })}
          >
            <Icon name="block" /> Block
          </button>
        )}
        <button type="button" onClick={() => onAsk({ what: 'allow', address: source })}>
          Allow
        </button>
        <button type="button" onClick={() => onAsk({ what: 'why', address: source })}>
          Why?
        </button>
      </div>
      <Evidence scan={scan} />
      <div class="scan-head">
        <h3>Probes by port</h3>
        <span class="spacer" />
        <ShapeChoice params={params} />
      </div>
      {error && !data && <Failure error={error} />}
      {data && isTable(params) && <ProbeTable probes={data.probes} />}
      {data && !isTable(params) && <ProbeChart probes={data.probes} ports={scan.ports} />}
    </section>
  );
}

/** A second earlier: times of evidence and of connections are rounded, and the first probe is to be seen. */
function shortlyBefore(ts: string): string {
  return new Date(Date.parse(ts) - 1000).toISOString();
}

function Evidence({ scan: { evidence, ...scan } }: { scan: KnownScan }) {
  const took = (Date.parse(evidence.last_ts) - Date.parse(evidence.first_ts)) / 1000;
  const facts: readonly (readonly [slug: string, word: string, value: string | undefined])[] = [
    [
      'field-dst-ip',
      'Of',
      scan.hosts > 1 ? `${scan.dst_ip} and ${scan.hosts - 1} more` : scan.dst_ip,
    ],
    ['distinct-ports', 'Ports', whole(evidence.port_count)],
    ['field-evidence', 'Packets', whole(evidence.syns)],
    ['field-ts', 'First', dateTime(Date.parse(evidence.first_ts))],
    ['field-duration-s', 'Over', duration(took)],
    ['field-technique', 'Technique', scan.technique],
    ['field-blocked', 'Blocked', blockedText(evidence)],
    ['field-rule', 'Rule', evidence.rule],
    ['field-evidence', 'Score', evidence.score?.toFixed(2)],
    ['field-evidence', 'Closed', evidence.closed?.toString()],
    ['field-evidence', 'Silent', evidence.silent?.toString()],
    ['field-evidence', 'Half open', evidence.half_open?.toString()],
    ['field-evidence', 'Decoys', evidence.decoys?.toString()],
  ];
  return (
    <dl class="facts wide">
      {facts
        .filter(([, , value]) => value !== undefined)
        .map(([slug, word, value]) => (
          <div key={word}>
            <dt>
              <Term slug={slug}>{word}</Term>
            </dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function blockedText({ blocked, blocks, spared }: KnownScan['evidence']): string {
  if (!blocked) return spared ? 'spared' : 'no';
  return blocks > 1 ? `yes, ${blocks} times` : 'yes';
}
