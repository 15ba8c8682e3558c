import type { BlocksAnswer } from '../data/answers.ts';
import { Term } from '../parts/term.tsx';
import { duration, whole } from '../text/format.ts';
import type { Ask } from './block-dialogs.tsx';

interface Props {
  readonly answer: BlocksAnswer;
  readonly onAsk: (ask: Ask) => void;
}

/** Ports that are named; of the rest only how many. */
const NAMED = 8;

/** Who is blocked now. */
export function BlockTable({ answer: { blocks, blocking }, onAsk }: Props) {
  return (
    <div class="sheet">
      <div class="sheet-head">
        <h2>
          <Term slug="event-block">Blocks</Term>
        </h2>
        {!blocking && (
          <span class="quiet">
            scans are told but not blocked; start with --block to block them
          </span>
        )}
        <span class="spacer" />
        <button type="button" class="small" onClick={() => onAsk({ what: 'block', address: '' })}>
          Block a source
        </button>
      </div>
      <table>
        <caption class="unseen">Blocks</caption>
        <thead>
          <tr>
            <th scope="col">Source</th>
            <th scope="col">
              <Term slug="field-reason">Reason</Term>
            </th>
            <th scope="col">Ports</th>
            <th scope="col">By</th>
            <th scope="col" class="number">
              Dropped
            </th>
            <th scope="col" class="number">
              Ends in
            </th>
            <th scope="col">
              <span class="unseen">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {blocks.map((block) => (
            <tr key={`${block.where} ${block.src_ip}`}>
              <td class="mono">{block.src_ip}</td>
              <td>{block.reason === 'user' ? 'command' : 'port scan'}</td>
              <td class="mono">{portsText(block.ports ?? [])}</td>
              <td>{block.where}</td>
              <td class="number">{whole(block.drops)}</td>
              <td class="number">{duration(block.left_s)}</td>
              <td class="row-actions">
                <button
                  type="button"
                  class="small"
                  onClick={() => onAsk({ what: 'why', address: block.src_ip })}
                >
                  Why?
                </button>
                <button
                  type="button"
                  class="small"
                  onClick={() => onAsk({ what: 'unblock', address: block.src_ip })}
                >
                  Unblock
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {blocks.length === 0 && <p class="note quiet">Nobody is blocked.</p>}
    </div>
  );
}

function portsText(ports: readonly number[]): string {
  const named = ports.slice(0, NAMED).join(', ');
  return ports.length > NAMED ? `${named} and ${ports.length - NAMED} more` : named;
}

/** Who is never blocked, and why. */
export function AllowTable({ answer: { allow }, onAsk }: Props) {
  return (
    <div class="sheet">
      <div class="sheet-head">
        <h2>
          <Term slug="never-block-list">Never blocked</Term>
        </h2>
        <span class="spacer" />
        <button type="button" class="small" onClick={() => onAsk({ what: 'allow', address: '' })}>
          Allow a source
        </button>
      </div>
      <table>
        <caption class="unseen">Never blocked</caption>
        <thead>
          <tr>
            <th scope="col">Address</th>
            <th scope="col">Because</th>
            <th scope="col">
              <span class="unseen">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {allow.map(({ cidr, origin }) => (
            <tr key={cidr}>
              <td class="mono">{cidr}</td>
              <td>{origin.join(', ')}</td>
              <td class="row-actions">
                {origin.includes('user') && (
                  <button
                    type="button"
                    class="small"
                    onClick={() => onAsk({ what: 'disallow', address: cidr })}
                  >
                    Take back
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
