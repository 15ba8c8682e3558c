/** The kernel's id of an attempt (bpf/id.h) is user space's (src/wire/id.ts). */
import { randomInt } from 'node:crypto';
import { expect, it } from 'vitest';
import { formatAddress } from '../../src/wire/address.ts';
import { tcpFrame } from '../support/frames.ts';
import { idOf } from './id-of.ts';
import { HOOKS } from './rig.ts';
import { withRig } from './with-rig.ts';

const rig = withRig({ ports: 0 });
const TUPLES = 4000;

it.each(HOOKS)('for random addresses, ports and sequence numbers, %s', (hook) => {
  const expected: string[] = [];
  for (let i = 0; i < TUPLES; i++) {
    const bytes = i % 2 ? 16 : 4;
    const [src, dst] = [address(bytes), address(bytes)];
    const [srcPort, dstPort, seq] = [randomInt(65536), randomInt(65536), randomInt(2 ** 32)];
    rig().run(hook, tcpFrame({ src, dst, srcPort, dstPort, seq }));
    const end = (text: string, port: number) =>
      bytes === 16 ? `[${text}]:${port}` : `${text}:${port}`;
    expected.push(idOf({ src: end(src, srcPort), dst: end(dst, dstPort), isn: seq }));
  }
  expect(
    rig()
      .records()
      .map((r) => r.id),
  ).toEqual(expected);
  expect(new Set(expected).size).toBe(TUPLES);
});

function address(bytes: 4 | 16): string {
  const value = new Uint8Array(16);
  if (bytes === 4) value.fill(0xff, 10, 12);
  for (let i = 16 - bytes; i < 16; i++) value[i] = randomInt(256);
  return formatAddress(value);
}
