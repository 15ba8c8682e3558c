import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TcpState } from '../../src/model/tcp-state.ts';
import { Interfaces } from '../../src/sources/interfaces.ts';
import { PcapSource } from '../../src/sources/pcap.ts';
import { ProcSource } from '../../src/sources/proc.ts';
import { tcp6Text, tcpText } from './proc-text.ts';
import { captureMissing } from '../support/capture.ts';
import { until } from '../support/command.ts';
import { sourceSuite } from './source.ts';

sourceSuite('proc, saved tables', () => {
  const folder = mkdtempSync(join(tmpdir(), 'source-'));
  const tcpPath = join(folder, 'tcp');
  const tcp6Path = join(folder, 'tcp6');
  const connections = Array.from({ length: 2000 }, (_, i) => ({
    local: `10.0.0.5:${i + 1000}`,
    remote: '192.0.2.1:443',
    state: (i % 9) + 1,
    uid: i,
    inode: i,
  }));
  writeFileSync(
    tcpPath,
    tcpText([{ local: '0.0.0.0:80', state: TcpState.LISTEN }, ...connections]),
  );
  writeFileSync(
    tcp6Path,
    tcp6Text([
      { local: '[::]:443', state: TcpState.LISTEN, inode: 3 },
      { local: '[2001:db8::5]:443', remote: '[2001:db8::7]:50000', inode: 4 },
      { local: '[::ffff:10.0.0.5]:443', remote: '[::ffff:192.0.2.9]:50000', inode: 5 },
    ]),
  );
  return {
    source: new ProcSource({ tcpPath, tcp6Path }),
    now: () => 7e9,
    provoke: () => undefined,
    close: () => rmSync(folder, { recursive: true }),
  };
});

sourceSuite('proc, this host', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    source: new ProcSource(),
    now: () => Number(process.hrtime.bigint()),
    provoke: () => undefined, // the listener is there from the start
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
});

sourceSuite(
  'pcap, loopback',
  () => {
    const interfaces = new Interfaces();
    interfaces.start();
    const source = new PcapSource({ interfaces, asked: ['lo'], seed: 1 });
    return {
      source,
      now: () => Number(process.hrtime.bigint()),
      provoke: async () => {
        connect(1, '127.0.0.1').on('error', () => {}); // nobody listens
        await until('its packets', () => source.use().ring.pending > 0);
      },
      close: () => interfaces.stop(),
    };
  },
  captureMissing(),
);
