import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Commands, serve } from './command-socket.ts';

describe('a command over the socket', () => {
  const folder = mkdtempSync(`${tmpdir()}/packetwatch-commands-`);
  const path = `${folder}/socket`;
  let asked: string[] = [];
  const commands: Commands = {
    status: () => {
      asked.push('status');
      return { pid: 7 };
    },
    later: () => Promise.resolve({ at: 'last' }),
    throws: () => {
      throw new Error('no luck');
    },
    rejects: () => Promise.reject(new Error('no luck later')),
    unsayable: () => ({ count: 1n }),
  };
  let server: Server;
  afterAll(() => rmSync(folder, { recursive: true }));
  beforeEach(async () => {
    asked = [];
    server = createServer((connection) => serve(connection, commands)).listen(path);
    await once(server, 'listening');
  });
  afterEach(() => {
    server.close();
    rmSync(path, { force: true });
  });

  /** What comes until the end; '' when the connection is cut. */
  async function ask(...pieces: readonly string[]): Promise<string> {
    const socket = connect(path).setEncoding('utf8');
    let all = '';
    socket.on('data', (text: string) => (all += text)).on('error', () => {});
    await once(socket, 'connect');
    for (const piece of pieces)
      await new Promise((resolve) => socket.write(piece, resolve as () => void));
    if (!socket.closed) await once(socket, 'close');
    return all;
  }

  it.each([
    ['status', '{"pid":7}'],
    ['later', '{"at":"last"}'],
    ['throws', '{"error":"no luck"}'],
    ['rejects', '{"error":"no luck later"}'],
    ['unsayable', '{"error":"Do not know how to serialize a BigInt"}'],
    ['', '{"error":"no such command"}'],
    ['__proto__', '{"error":"no such command"}'],
    ['toString', '{"error":"no such command"}'],
    ['constructor', '{"error":"no such command"}'],
  ])("'%s' is answered by one line: %s", async (command, line) => {
    expect(await ask(`${command}\n`)).toBe(`${line}\n`);
  });

  it('is one for each connection, in pieces or with more behind it', async () => {
    expect(await ask('sta', 'tus\nstatus\n', 'status\n')).toBe('{"pid":7}\n');
    expect(asked).toEqual(['status']);
  });

  it('that has no end is cut', async () => {
    expect(await ask('x'.repeat(1025))).toBe('');
  });
});
