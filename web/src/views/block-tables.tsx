import type { BlocksAnswer } from '../data/answers.ts';
import { type Column, Table } from '../parts/table.tsx';
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
      <Table
        caption="Blocks"
        columns={blockColumns(onAsk)}
        rows={blocks}
        keyOf={(block) => `${block.where} ${block.src_ip}`}
      />
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
      <Table
        caption="Never blocked"
        columns={allowColumns(onAsk)}
        rows={allow}
        keyOf={({ cidr }) => cidr}
      />
    </div>
  );
}

type Block = BlocksAnswer['blocks'][number];
type Allowed = BlocksAnswer['allow'][number];

function blockColumns(onAsk: Props['onAsk']): readonly Column<Block>[] {
  return [
    { title: 'Source', look: 'mono', of: (block) => block.src_ip },
    {
      title: 'Reason',
      slug: 'field-reason',
      of: ({ reason }) => (reason === 'user' ? 'command' : 'port scan'),
    },
    { title: 'Ports', look: 'mono', of: ({ ports = [] }) => portsText(ports) },
    { title: 'By', of: ({ where }) => where },
    { title: 'Dropped', isNumber: true, of: ({ drops }) => whole(drops) },
    { title: 'Ends in', isNumber: true, of: (block) => duration(block.left_s) },
    {
      title: 'Change',
      isUnseen: true,
      look: 'row-actions',
      of: ({ src_ip: address }) => (
        <>
          <Action word="Why?" onClick={() => onAsk({ what: 'why', address })} />
          <Action word="Unblock" onClick={() => onAsk({ what: 'unblock', address })} />
        </>
      ),
    },
  ];
}

function allowColumns(onAsk: Props['onAsk']): readonly Column<Allowed>[] {
  return [
    { title: 'Address', look: 'mono', of: ({ cidr }) => cidr },
    { title: 'Because', of: ({ origin }) => origin.join(', ') },
    {
      title: 'Change',
      isUnseen: true,
      look: 'row-actions',
      of: ({ cidr, origin }) =>
        origin.includes('user') && (
          <Action word="Take back" onClick={() => onAsk({ what: 'disallow', address: cidr })} />
        ),
    },
  ];
}

function Action({ word, onClick }: { word: string; onClick: () => void }) {
  return (
    <button type="button" class="small" onClick={onClick}>
      {word}
    </button>
  );
}
