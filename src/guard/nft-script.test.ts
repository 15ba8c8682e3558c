import { describe, expect, it } from 'vitest';
import { parseAddress } from '../wire/address.ts';
import { blocksOf } from './nft.ts';
import { add, keyOf, never, remove, setup, textOf } from './nft-script.ts';

const bytes = (text: string): Uint8Array => parseAddress(text)!;

describe('keyOf', () => {
  it.each([
    ['192.0.2.7', false, 'blocked4 192.0.2.7'],
    ['2001:db8::7', false, 'blocked_nets6 2001:db8::'],
    ['2001:db8::7', true, 'blocked6 2001:db8::7'],
  ])('of %s, own /64 %s', (source, own, expected) => {
    expect(textOf(keyOf(bytes(source), () => own))).toBe(expected);
  });

  it('asks for the first address of the /64', () => {
    const asked: string[] = [];
    keyOf(bytes('2001:db8:1:2:3:4:5:6'), (net) => asked.push(net.join()) > 0);
    expect(asked).toEqual([bytes('2001:db8:1:2::').join()]);
  });
});

describe('scripts', () => {
  it('let established connections go on unless told otherwise', () => {
    expect(setup(false)).toContain('ct state established,related accept\n');
    expect(setup(true)).not.toContain('ct state');
  });

  it('block anew and unblock whether the element is there or not', () => {
    const key = keyOf(bytes('192.0.2.7'), () => false);
    expect(remove(key)).toBe(
      'add element inet packetwatch blocked4 { 192.0.2.7 }\ndelete element inet packetwatch blocked4 { 192.0.2.7 }\n',
    );
    expect(add(key, 1500.4)).toBe(
      `${remove(key)}add element inet packetwatch blocked4 { 192.0.2.7 timeout 1500ms }\n`,
    );
  });

  it('replace the never-block list as a whole', () => {
    expect(never([])).toBe('flush set inet packetwatch never6\n');
    const v4 = { address: bytes('192.0.2.0'), length: 120 };
    expect(never([{ address: bytes('2001:db8::1'), length: 128 }, v4])).toBe(
      'flush set inet packetwatch never6\nadd element inet packetwatch never6 { 2001:db8::1/128 }\n',
    );
  });
});

describe('blocksOf', () => {
  it('reads our sets and nothing else', () => {
    const elem = { val: '192.0.2.1', timeout: 60, expires: 59, counter: { packets: 3, bytes: 9 } };
    const output = JSON.stringify({
      nftables: [
        { metainfo: {} },
        { set: { name: 'blocked4', elem: [{ elem }, { elem: { val: { prefix: 1 } } }, {}] } },
        { set: { name: 'blocked6' } },
        { set: { name: 'never6', elem: [{ elem }] } },
        { chain: {} },
      ],
    });
    expect(blocksOf(output)).toEqual([
      { set: 'blocked4', address: bytes('192.0.2.1'), leftMs: 59_000, drops: 3 },
    ]);
    expect(blocksOf('{}')).toEqual([]);
  });
});
