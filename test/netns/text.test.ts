/** What a user sees: curl out, curl in, a port that is closed, byte for byte. */
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { PYTHON } from '../support/peer.ts';
import { type Namespace, SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';

const PORT = 8000;
const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const STAMP = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;
const SECONDS = String.raw`\d+\.\d{3}s`;

suite('the text log', ['curl'], () => {
  const rig = useRig('direct');
  const watch = useWatch(rig, ['-i', VICTIM_IF]);
  const servers = new Map<string, number>();
  beforeAll(async () => {
    for (const family of [4, 6] as const) {
      servers.set(`in ${family}`, await httpServer(rig().victim, VICTIM[family]));
      servers.set(`out ${family}`, await httpServer(rig().scanner, SCANNER[family]));
    }
  });

  async function httpServer(where: Namespace, host: string): Promise<number> {
    const options = ['-u', '-m', 'http.server', `${PORT}`, '--bind', host, '--directory', FOLDER];
    const server = await where.start([PYTHON, ...options]);
    await server.out.wait('the HTTP server', (line) => line.startsWith('Serving') || undefined);
    return server.pid;
  }

  /** Runs curl to its end; returns its pid and its own port. */
  async function curl(where: Namespace, url: string): Promise<{ pid: number; port: string }> {
    const form = '%{local_port}\\n';
    const running = await where.start(['curl', '-sg', '-o', '/dev/null', '-w', form, url]);
    await running.ended;
    return { pid: running.pid, port: running.out.all[0]! };
  }

  /** The lines about a connection so far. */
  const linesOf = (ends: string) => watch().lines.filter((line) => line.includes(`: ${ends}`));

  describe.each([4, 6] as const)('IPv%d', (family) => {
    const named = (address: string) => (family === 4 ? address : `[${address}]`);
    const [here, there] = [named(VICTIM[family]), named(SCANNER[family])];

    test('curl on this host', async () => {
      const { pid, port } = await curl(rig().victim, `http://${there}:${PORT}/`);
      const ends = `${here}:${port} -> ${there}:${PORT}`;
      await watch().line(whole('Connection closed', ends, `curl[${pid}]`));
      expect(linesOf(ends)).toEqual([
        expect.stringMatching(whole('New connection', ends)),
        expect.stringMatching(whole('Connection opened', ends, `curl[${pid}]`)),
        expect.stringMatching(whole('Connection closed', ends, `curl[${pid}]`)),
      ]);
    });

    test('curl on another host', async () => {
      const { port } = await curl(rig().scanner, `http://${here}:${PORT}/`);
      const ends = `${there}:${port} -> ${here}:${PORT}`;
      const server = `python3[${servers.get(`in ${family}`)}]`;
      await watch().line(whole('Connection closed', ends, server));
      expect(linesOf(ends)).toEqual([
        expect.stringMatching(whole('New connection', ends)),
        expect.stringMatching(whole('Connection opened', ends, server)),
        expect.stringMatching(whole('Connection closed', ends, server)),
      ]);
    });

    test('curl to a closed port', async () => {
      const { pid } = await curl(rig().victim, `http://${there}:1/`);
      const [line] = await watch().line(new RegExp(`: Connection refused: .* curl\\[${pid}\\] `));
      const ends = /refused: (.*) curl/.exec(line)![1]!;
      expect(ends.startsWith(`${here}:`) && ends.endsWith(` -> ${there}:1`)).toBe(true);
    });
  });
});

/** A whole line: the event, the two ends, and the process with the time. */
function whole(event: string, ends: string, process?: string): RegExp {
  const escaped = (text: string) => text.replace(/[[\].]/g, '\\$&');
  const tail = process === undefined ? '' : ` ${escaped(process)} ${SECONDS}`;
  return new RegExp(`^${STAMP}: ${event}: ${escaped(ends)}${tail}$`);
}
