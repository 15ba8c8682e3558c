import { useState } from 'preact/hooks';
import type { WhyAnswer } from '../data/answers.ts';
import { change } from '../data/http.ts';
import { usePoll } from '../data/poll.ts';
import { ChangeDialog } from '../parts/change.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Failure } from '../parts/says.tsx';
import { Term } from '../parts/term.tsx';
import { duration, whole } from '../text/format.ts';

/** What is to be done, and with whom; an empty address is asked for. */
export interface Ask {
  readonly what: 'block' | 'unblock' | 'allow' | 'disallow' | 'why';
  readonly address: string;
}

const TIMES = [
  [600, '10 minutes'],
  [3600, '1 hour'],
  [86_400, '1 day'],
  [604_800, '1 week'],
] as const;

/** Says what will happen before it does. */
export function AskDialog({ ask, onClose }: { ask: Ask; onClose: () => void }) {
  const [address, setAddress] = useState(ask.address);
  const [ttl, setTtl] = useState(600);
  const path = encodeURIComponent(address.trim());
  if (ask.what === 'why') return <Why address={ask.address} onClose={onClose} />;
  const input = ask.address === '' && (
    <label class="field">
      Address or prefix
      <input
        type="text"
        class="mono"
        value={address}
        required
        placeholder="198.51.100.7 or 2001:db8::/64"
        onInput={(event) => setAddress(event.currentTarget.value)}
      />
    </label>
  );
  switch (ask.what) {
    case 'block':
      return (
        <ChangeDialog
          title={ask.address === '' ? 'Block a source' : `Block ${ask.address}?`}
          word="Block"
          danger
          done={`${address} is blocked`}
          run={() => change('POST', '/blocks', { address: address.trim(), ttl_s: ttl })}
          onClose={onClose}
        >
          {input}
          <p>
            Of what it sends, the kernel will drop new connections, segments that no TCP peer sends,
            and whatever belongs to no open socket here. Its open connections, and those that this
            host begins, go on. Who is on the <Term slug="never-block-list">never-block list</Term>{' '}
            is not blocked.
          </p>
          <label class="field">
            For
            <select value={ttl} onChange={(event) => setTtl(Number(event.currentTarget.value))}>
              {TIMES.map(([seconds, word]) => (
                <option key={seconds} value={seconds}>
                  {word}
                </option>
              ))}
            </select>
          </label>
        </ChangeDialog>
      );
    case 'unblock':
      return (
        <ChangeDialog
          title={`Unblock ${ask.address}?`}
          word="Unblock"
          done={`${address} is not blocked any more`}
          run={() => change('DELETE', `/blocks/${path}`)}
          onClose={onClose}
        >
          <p>
            Its packets will pass again at once. If it goes on scanning it can be blocked again.
          </p>
        </ChangeDialog>
      );
    case 'allow':
      return (
        <ChangeDialog
          title={ask.address === '' ? 'Never block' : `Never block ${ask.address}?`}
          word="Allow"
          done={`${address} is allowed`}
          run={() => change('POST', '/allow', { address: address.trim() })}
          onClose={onClose}
        >
          {input}
          <p>
            No verdict will block it, whatever it does, until you take that back. A block of it ends
            now.
          </p>
        </ChangeDialog>
      );
    default:
      return (
        <ChangeDialog
          title={`Allow ${ask.address} no more?`}
          word="Take back"
          done={`${address} is not allowed any more`}
          run={() => change('DELETE', `/allow/${path}`)}
          onClose={onClose}
        >
          <p>It can be blocked again, like everybody else.</p>
        </ChangeDialog>
      );
  }
}

function Why({ address, onClose }: { address: string; onClose: () => void }) {
  const { data, error } = usePoll<WhyAnswer>(
    `/blocks/${encodeURIComponent(address)}/why`,
    {},
    5000,
  );
  return (
    <Dialog
      title={`${address}: ${data ? (data.blocked ? 'blocked' : 'not blocked') : 'why?'}`}
      onClose={onClose}
    >
      {error && !data && <Failure error={error} />}
      {data && data.never.length > 0 && (
        <p>
          On the <Term slug="never-block-list">never-block list</Term>: {data.never.join(', ')}.
        </p>
      )}
      {data && data.entries.length === 0 && <p>The guard knows nothing of it.</p>}
      {data?.entries.map((entry, i) => (
        <dl key={i} class="facts">
          <Fact word="State" value={entry.state} />
          <Fact word="Reason" value={entry.reason === 'user' ? 'a command' : entry.reason} />
          <Fact word="Scan" value={entry.kind} />
          <Fact word="Of" value={entry.dst_ip} />
          <Fact word="Ports" value={entry.ports?.join(', ')} />
          <Fact word="Packets" value={whole(entry.packets)} />
          <Fact
            word="Handshake"
            value={
              entry.confirmed === undefined
                ? undefined
                : entry.confirmed
                  ? 'completed: the address is its own'
                  : 'none: the address may be forged'
            }
          />
          <Fact word="Score" value={entry.score?.toFixed(2)} />
          <Fact word="Ends in" value={duration(entry.left_s)} />
        </dl>
      ))}
      <div class="actions">
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

function Fact({ word, value }: { word: string; value: string | undefined }) {
  if (value === undefined || value === '') return null;
  return (
    <div>
      <dt>{word}</dt>
      <dd>{value}</dd>
    </div>
  );
}
