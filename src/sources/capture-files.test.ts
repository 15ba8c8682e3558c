import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { pcap } from '../../test/support/captures.ts';
import { tcp, Tcp, ethernet, ip, tcpFrame } from '../../test/support/frames.ts';
import { Decoder } from '../packet/decoder.ts';
import { CaptureFiles } from './capture-files.ts';
import { CaptureInput } from './capture-input.ts';

const ENDS = { src: '192.0.2.1', dst: '192.0.2.2' };
const CHUNK = 65_536;
const folder = mkdtempSync(join(tmpdir(), 'pw-files-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Ten chunks of data, and a SYN behind them. */
const data = { frame: ethernet(ip(ENDS, tcp({ flags: Tcp.ACK, payload: Buffer.alloc(946) }))) };
const packets = Array.from({ length: 640 }, (_, i) => ({ ...data, seconds: i }));
const path = join(folder, 'data.pcap');
writeFileSync(path, pcap([...packets, { frame: tcpFrame(ENDS), seconds: 9999 }]));

function reader(screen: Decoder | undefined, stopAfter = Infinity) {
  const told = { packets: 0, pauses: 0, ended: 0 };
  const input = new CaptureInput(path, CHUNK, { screen });
  const files: CaptureFiles = new CaptureFiles([input], {
    packet: () => {
      told.packets++;
      return false;
    },
    records: () => false,
    pause: () => {
      if (++told.pauses === stopAfter) files.stop();
      return undefined;
    },
    ended: () => void told.ended++,
  });
  return { told, input, files };
}

test('a screen leaves packets out, and what waits gets its turn all the same', async () => {
  const screen = new Decoder(false);
  const { told, input, files } = reader(screen);
  await files.run();
  expect(told).toMatchObject({ packets: 1, ended: 1 });
  expect(told.pauses).toBeGreaterThanOrEqual(10);
  expect(screen.packets).toBe(packets.length);
  expect(input.packet.seconds).toBe(9999);
  expect(input.fault).toBeUndefined();
});

test('without one all are told', async () => {
  const { told, files } = reader(undefined);
  await files.run();
  expect(told.packets).toBe(packets.length + 1);
});

test('the reading stops where nothing is told as well', async () => {
  const screen = new Decoder(false);
  const { told, files } = reader(screen, 3);
  await files.run();
  expect(told).toMatchObject({ packets: 0, pauses: 3, ended: 0 });
  expect(screen.packets).toBeLessThan(packets.length / 2);
});
