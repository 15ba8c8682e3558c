import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PlainRule } from './plain-rule.ts';
import { type Rule, SCANNER, type Start, VICTIM } from './reference-rule-scene.ts';

export function portCases(start: Start): void {
  it('the fourth distinct port is a scan, the third is none', () => {
    const scene = start();
    expect(scene.syns([80, 81, 82])).toEqual([]);
    const scan = scene.syn(83);
    expect(scan).toMatchObject({ src: SCANNER, dst: VICTIM, syns: 4 });
    expect(ascending(scan!.ports)).toEqual([80, 81, 82, 83]);
  });

  it.each(Array.from({ length: 15 }, (_, i) => i + 1))(
    'with T=%i exactly T ports are allowed',
    (ports) => {
      const scene = start({ ports });
      const touched = Array.from({ length: ports + 1 }, (_, i) => 65535 - 7 * i);
      expect(scene.syns(touched.slice(0, ports))).toEqual([]);
      const scan = scene.syn(touched[ports]!);
      expect(ascending(scan?.ports ?? [])).toEqual(ascending(touched));
    },
  );

  it('repeated ports and retransmissions do not count', () => {
    const scene = start();
    expect(scene.syns([80, 80, 80, 81, 80, 81, 82, 80, 81, 82, 82])).toEqual([]);
    expect(scene.syn(83)).toMatchObject({ syns: 12 });
  });

  it('the order of ports does not matter, port 0 and 65535 are ports', () => {
    const scene = start();
    expect(scene.syns([65535, 1, 0])).toEqual([]);
    expect(ascending(scene.syn(443)?.ports ?? [])).toEqual([0, 1, 443, 65535]);
  });

  it('one scan is one verdict', () => {
    const scene = start();
    expect(scene.syns(Array.from({ length: 1000 }, (_, i) => i + 1))).toEqual([3]);
    expect(scene.syns([1, 2, 3, 4, 1000, 999])).toEqual([]);
  });

  it('a client of T services is no scanner, however often it comes', () => {
    const scene = start();
    for (let i = 0; i < 1000; i++) expect(scene.syn([22, 80, 443][i % 3]!)).toBeUndefined();
  });
}

export function pairCases(start: Start): void {
  it('two victims are counted apart', () => {
    const scene = start();
    expect(scene.syns([1, 2, 3], SCANNER, VICTIM)).toEqual([]);
    expect(scene.syns([4, 5, 6], SCANNER, OTHER_VICTIM)).toEqual([]);
    expect(scene.syn(7, SCANNER, OTHER_VICTIM)).toMatchObject({ dst: OTHER_VICTIM, syns: 4 });
    expect(scene.syn(8, SCANNER, VICTIM)).toMatchObject({ dst: VICTIM, syns: 4 });
  });

  it('two sources are counted apart', () => {
    const scene = start();
    expect(scene.syns([1, 2, 3], '192.0.2.1')).toEqual([]);
    expect(scene.syns([4, 5, 6], '192.0.2.2')).toEqual([]);
    expect(scene.syn(7, '192.0.2.2')).toMatchObject({ src: '192.0.2.2' });
    expect(scene.syn(8, '192.0.2.1')).toMatchObject({ src: '192.0.2.1' });
  });

  it('neighbours in IPv4 are two sources', () => {
    const scene = start();
    for (let port = 1; port <= 100; port++) {
      expect(scene.syn(port, `198.51.100.${port}`)).toBeUndefined();
    }
  });

  it('IPv6 addresses of one /64 are one source, reported in full', () => {
    const scene = start();
    expect(scene.syn(1, '2001:db8:0:1::1', VICTIM6)).toBeUndefined();
    expect(scene.syn(2, '2001:db8:0:1:ffff::2', VICTIM6)).toBeUndefined();
    expect(scene.syn(3, '2001:db8:0:1::3', VICTIM6)).toBeUndefined();
    expect(scene.syn(4, '2001:db8:0:1:8000::4', VICTIM6)).toMatchObject({
      src: '2001:db8:0:1:8000::4',
      dst: VICTIM6,
      syns: 4,
    });
  });

  it('IPv6 addresses of two /64 are two sources', () => {
    const scene = start();
    expect(scene.syns([1, 2, 3], '2001:db8:0:1::1', VICTIM6)).toEqual([]);
    expect(scene.syns([4, 5, 6], '2001:db8:0:2::1', VICTIM6)).toEqual([]);
    expect(scene.syns([4], '2001:db8:0:1::1', VICTIM6)).toEqual([0]);
  });

  it('IPv6 victims of one /64 are counted apart', () => {
    const scene = start();
    expect(scene.syns([1, 2], '2001:db8:0:1::1', VICTIM6)).toEqual([]);
    expect(scene.syns([3, 4], '2001:db8:0:1::1', `${VICTIM6}:1`)).toEqual([]);
  });

  it('IPv4 and IPv6 are counted apart', () => {
    const scene = start();
    expect(scene.syns([1, 2, 3])).toEqual([]);
    expect(scene.syns([4, 5, 6], '2001:db8:0:1::1', VICTIM6)).toEqual([]);
    expect(scene.syns([7])).toEqual([0]);
  });
}

export function timeCases(start: Start): void {
  const SECOND: Partial<Rule> = { windowSeconds: 1 };

  it('the window slides: the first port is forgotten when the fourth comes', () => {
    const scene = start(SECOND);
    expect(scene.syn(1)).toBeUndefined();
    scene.advance(0.35);
    expect(scene.syn(2)).toBeUndefined();
    scene.advance(0.35);
    expect(scene.syn(3)).toBeUndefined();
    scene.advance(0.45); // port 1 was touched 1.15 s ago
    expect(scene.syn(4)).toBeUndefined();
    const scan = scene.syn(5); // 2, 3, 4 and 5 within 0.8 s
    expect(ascending(scan?.ports ?? [])).toEqual([2, 3, 4, 5]);
  });

  it('the window is no fixed one: four ports across its border are a scan', () => {
    const scene = start(SECOND);
    scene.advance(0.7);
    expect(scene.syns([1, 2])).toEqual([]);
    scene.advance(0.6);
    expect(scene.syns([3, 4])).toEqual([1]);
  });

  it('a port counts from when it was last touched', () => {
    const scene = start(SECOND);
    expect(scene.syns([1, 2])).toEqual([]);
    scene.advance(0.6);
    expect(scene.syns([1, 2])).toEqual([]);
    scene.advance(0.6); // first touched 1.2 s ago, last 0.6 s ago
    expect(scene.syns([3, 4])).toEqual([1]);
  });

  it('a slow walk over many ports stays below the threshold', () => {
    const scene = start(SECOND);
    for (let port = 1; port <= 6; port++) {
      expect(scene.syn(port)).toBeUndefined();
      scene.advance(0.5);
    }
  });

  it('no verdict is repeated while the scan goes on, and there is one again after quiet', () => {
    const scene = start(SECOND);
    expect(scene.syns([1, 2, 3, 4])).toEqual([3]);
    scene.advance(0.6);
    expect(scene.syns([5, 6, 7, 8])).toEqual([]);
    scene.advance(0.6);
    expect(scene.syns([9, 10, 11, 12])).toEqual([]);
    scene.advance(1.2);
    expect(scene.syns([13, 14, 15])).toEqual([]);
    expect(scene.syns([16])).toEqual([0]);
  });

  it('quiet is fewer than T ports, not none', () => {
    const scene = start(SECOND);
    expect(scene.syns([1, 2, 3, 4])).toEqual([3]);
    scene.advance(0.6);
    expect(scene.syns([4, 3])).toEqual([]);
    scene.advance(0.6); // 3 and 4 still count, 2 does not
    expect(scene.syns([5])).toEqual([]);
    expect(scene.syns([6])).toEqual([0]);
  });
}

export function clockCases(start: Start): void {
  it('of requirements.md: within the previous minute', () => {
    const scene = start();
    for (const seconds of [20, 20, 21]) {
      expect(scene.syn(Math.round(scene.nowNs / 1e9))).toBeUndefined();
      scene.advance(seconds);
    }
    expect(scene.syn(9000)).toBeUndefined(); // 61 s after the first
  });

  it('a port that was touched exactly a window ago counts', () => {
    const scene = start();
    expect(scene.syns([1, 2, 3])).toEqual([]);
    scene.advance(60);
    expect(scene.syns([4])).toEqual([0]);
  });

  it('of an hour', () => {
    const scene = start({ windowSeconds: 3600 });
    expect(scene.syns([1, 2, 3])).toEqual([]);
    scene.advance(3599);
    expect(scene.syns([4])).toEqual([0]);
  });

  it('out of order: an older SYN counts and makes nothing older', () => {
    const scene = start();
    expect(scene.syns([1, 2])).toEqual([]);
    scene.advance(-0.5);
    expect(scene.syns([1, 3])).toEqual([]);
    scene.advance(60.3); // 60.3 s after the late one of port 3, 59.8 s after 1 and 2
    expect(scene.syns([4])).toEqual([]);
    expect(scene.syns([5])).toEqual([0]);
  });

  it('agrees with a plain reading of the rule', () => {
    const step = fc.record({ wait: fc.nat(40), port: fc.integer({ min: 1, max: 8 }) });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        (steps, ports) => {
          const scene = start({ ports });
          const plain = new PlainRule(ports, 60e9);
          for (const { wait, port } of steps) {
            scene.nowNs += wait * 1e9;
            const expected = plain.syn(scene.nowNs, port);
            expect(scene.syn(port)?.ports.toSorted(byValue)).toEqual(expected);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
}

export function propertyCase(start: Start, runs: number): void {
  it('agrees with a plain reading of the rule, for several pairs at once', () => {
    const packet = fc.record({
      src: fc.nat(2),
      dst: fc.nat(1),
      port: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 80 }),
        fc.integer({ min: 1, max: 7 }),
        (packets, ports) => {
          const scene = start({ ports });
          const plain = new Map<string, PlainRule>();
          for (const { src, dst, port } of packets) {
            const pair = `${src} ${dst}`;
            if (!plain.has(pair)) plain.set(pair, new PlainRule(ports, 60e9));
            const expected = plain.get(pair)!.syn(scene.nowNs, port);
            const found = scene.syn(
              port,
              `203.0.113.${src + 1}`,
              dst === 0 ? VICTIM : OTHER_VICTIM,
            );
            expect(found?.ports.toSorted(byValue)).toEqual(expected);
          }
        },
      ),
      { numRuns: runs },
    );
  });
}

const OTHER_VICTIM = '10.0.0.6';
const VICTIM6 = '2001:db8:5::5';

const byValue = (a: number, b: number): number => a - b;
const ascending = (ports: readonly number[]): number[] => ports.toSorted(byValue);
