import type { Edge } from '../../../src/model/history.ts';
import { Term } from '../parts/term.tsx';
import { bytes, duration, endpoint, rate, whole } from '../text/format.ts';
import { visible } from '../text/visible.ts';

export function MapTable({ edges, seconds }: { edges: readonly Edge[]; seconds: number }) {
  return (
    <div class="sheet">
      <table>
        <caption class="unseen">Who talks to whom</caption>
        <thead>
          <tr>
            <th scope="col">
              <Term slug="originator">Client</Term>
            </th>
            <th scope="col">
              <Term slug="responder">Server</Term>
            </th>
            <th scope="col">
              <Term slug="field-process">Process</Term>
            </th>
            <th scope="col" class="number">
              Connections
            </th>
            <th scope="col" class="number">
              Rate
            </th>
            <th scope="col" class="number">
              <Term slug="field-outcome">Failed</Term>
            </th>
            <th scope="col" class="number">
              <Term slug="field-orig-bytes">Sent</Term>
            </th>
            <th scope="col" class="number">
              <Term slug="field-resp-bytes">Received</Term>
            </th>
            <th scope="col" class="number">
              <Term slug="field-rtt-us">RTT</Term>
            </th>
          </tr>
        </thead>
        <tbody>
          {edges.map((edge) => (
            <tr key={`${edge.client} ${edge.server} ${edge.port} ${edge.process}`}>
              <td class="mono">{edge.client}</td>
              <td class="mono">{endpoint(edge.server, edge.port)}</td>
              <td>{visible(edge.process ?? '')}</td>
              <td class="number">{whole(edge.connections)}</td>
              <td class="number">{rate(edge.connections / seconds)}/s</td>
              <td class={`number ${edge.failed > 0 ? 'bad' : ''}`}>{whole(edge.failed)}</td>
              <td class="number">{bytes(edge.orig_bytes)}</td>
              <td class="number">{bytes(edge.resp_bytes)}</td>
              <td class="number">{edge.rtt_us === undefined ? '' : duration(edge.rtt_us / 1e6)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
