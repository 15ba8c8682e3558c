import type { Edge } from '../../../src/model/history.ts';
import { type Column, Table } from '../parts/table.tsx';
import { bytes, duration, endpoint, rate, whole } from '../text/format.ts';
import { visible } from '../text/visible.ts';

export function MapTable({ edges, seconds }: { edges: readonly Edge[]; seconds: number }) {
  const columns: readonly Column<Edge>[] = [
    { title: 'Client', slug: 'originator', look: 'mono', of: ({ client }) => client },
    {
      title: 'Server',
      slug: 'responder',
      look: 'mono',
      of: ({ server, port }) => endpoint(server, port),
    },
    {
      title: 'Process',
      slug: 'field-process',
      of: ({ process = '', resp_process: other }) =>
        visible(other === undefined ? process : `${process} → ${other}`),
    },
    { title: 'Connections', isNumber: true, of: ({ connections }) => whole(connections) },
    {
      title: 'Rate',
      isNumber: true,
      of: ({ connections }) => `${rate(connections / seconds)}/s`,
    },
    {
      title: 'Failed',
      slug: 'field-outcome',
      isNumber: true,
      look: ({ failed }) => (failed > 0 ? 'bad' : ''),
      of: ({ failed }) => whole(failed),
    },
    {
      title: 'Sent',
      slug: 'field-orig-bytes',
      isNumber: true,
      of: ({ orig_bytes: sent }) => bytes(sent),
    },
    {
      title: 'Received',
      slug: 'field-resp-bytes',
      isNumber: true,
      of: ({ resp_bytes: got }) => bytes(got),
    },
    {
      title: 'RTT',
      slug: 'field-rtt-us',
      isNumber: true,
      of: ({ rtt_us: rtt }) => (rtt === undefined ? '' : duration(rtt / 1e6)),
    },
  ];
  return (
    <div class="sheet">
      <Table
        caption="Who talks to whom"
        columns={columns}
        rows={edges}
        keyOf={(edge) => `${edge.client} ${edge.server} ${edge.port} ${edge.process}`}
      />
    </div>
  );
}
