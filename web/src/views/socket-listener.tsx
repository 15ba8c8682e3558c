import type { Listener } from '../data/answers.ts';
import { Level } from '../parts/level.tsx';
import { type Column, Table } from '../parts/table.tsx';
import { Term } from '../parts/term.tsx';
import { whole } from '../text/format.ts';
import { visible } from '../text/visible.ts';
import { ownersText } from './socket-words.ts';

/** The sockets of one port, and how its processes share the connections. */
export function ListenerDetail({ listener }: { listener: Listener }) {
  const members = listener.share?.members ?? [];
  const total = members.reduce((sum, { connections }) => sum + connections, 0);
  return (
    <div class="detail-box">
      <div>
        <Table
          caption="Sockets"
          isCaptionSeen
          columns={SOCKETS}
          rows={listener.sockets}
          keyOf={({ cookie }) => cookie}
        />
      </div>
      {members.length > 0 && (
        <div>
          <Table
            caption={
              <>
                <Term slug="so-reuseport">Share</Term> of the open connections
              </>
            }
            isCaptionSeen
            columns={[
              ...MEMBERS,
              { title: 'Share', of: (member) => <Bar of={member} total={total} /> },
            ]}
            rows={members}
            keyOf={({ pid }) => pid}
          />
        </div>
      )}
    </div>
  );
}

type Socket = Listener['sockets'][number];
type Member = NonNullable<Listener['share']>['members'][number];

const SOCKETS: readonly Column<Socket>[] = [
  { title: 'Cookie', look: 'mono quiet', of: ({ cookie }) => cookie },
  { title: 'Process', of: ({ owners }) => ownersText(owners) },
  {
    title: 'Accept queue',
    of: (each) => <Level value={each.accept_queue} limit={each.accept_limit} />,
  },
  { title: 'Drops', isNumber: true, of: ({ drops }) => `${whole(drops)} dropped` },
];

const MEMBERS: readonly Column<Member>[] = [
  { title: 'Process', of: ({ pid, process }) => `${visible(process)}[${pid}]` },
  { title: 'Connections', isNumber: true, of: ({ connections }) => whole(connections) },
];

function Bar({ of: { connections }, total }: { of: Member; total: number }) {
  return (
    <span class="level">
      <i aria-hidden="true">
        <b style={{ width: `${total === 0 ? 0 : (connections / total) * 100}%` }} />
      </i>
    </span>
  );
}
