import { describe, expect, it } from 'vitest';
import { Became } from './evidence.ts';
import { KEY_WORDS } from './score-table.ts';
import { type Found, WeightedRule } from './weighted.ts';

const SECOND = 1e9;
const START = 1.7e18;
const MAPPED = 0xffff0000;

function rule() {
  const all = new WeightedRule({ sources: 1024, windowNs: 600 * SECOND, seed: 7 });
  const key = new Uint32Array(KEY_WORDS);
  key[2] = key[6] = MAPPED;
  const at = (source: number, victim: number): void => {
    key[3] = source;
    key[7] = victim;
  };
  return {
    all,
    touch: (port: number, seconds: number, source = 1, victim = 2): boolean => {
      at(source, victim);
      return all.touch(key, port, START + seconds * SECOND);
    },
    became: (what: Became, port: number, seconds: number, source = 1, victim = 2): boolean => {
      at(source, victim);
      return all.became(what, key, port, START + seconds * SECOND);
    },
  };
}

/** Tries closed ports, a tenth of a second apart; what was found, and after how many ports. */
function closedPorts({ all, touch, became }: ReturnType<typeof rule>, count: number, from = 0) {
  const found: (Partial<Found> & { after: number })[] = [];
  for (let i = 1; i <= count; i++) {
    const seconds = from + i / 10;
    const port = 1000 + from + i;
    if (touch(port, seconds) || became(Became.closed, port, seconds))
      found.push({ ...all.found, after: i });
  }
  return found;
}

describe('the weighted rule', () => {
  it('finds a scanner at the SYN after four closed ports, once', () => {
    const [found, ...more] = closedPorts(rule(), 30);
    expect(found).toMatchObject({
      after: 5,
      horizontal: false,
      closed: 4,
      count: 5,
      trusted: false,
    });
    expect(more).toEqual([]);
  });

  it('counts silence in full only when it is no more young', () => {
    const together = rule();
    const found = Array.from({ length: 16 }, (_, i) => together.touch(i + 1, i / 1000));
    expect(found).toEqual(Array(16).fill(false));
    expect(together.touch(17, 0.2)).toBe(true);
  });

  it('takes completed handshakes off, down to half the threshold', () => {
    const one = rule();
    for (let port = 1; port <= 40; port++) {
      one.touch(port, port);
      one.became(Became.answered, port, port);
      one.became(Became.opened, port, port);
    }
    expect(closedPorts(one, 30, 41)[0]!.after).toBe(7); // two probes more
  });

  it('forgets in minutes', () => {
    const { touch, became } = rule();
    for (let port = 1; port <= 40; port++) {
      expect(touch(port, port * 70)).toBe(false);
      became(Became.closed, port, port * 70);
    }
  });

  it('trusts who keeps completing handshakes, but not for ever', () => {
    const one = rule();
    for (let i = 0; i < 6; i++) {
      one.touch(443, i * 5);
      one.became(Became.answered, 443, i * 5);
      one.became(Became.opened, 443, i * 5);
    }
    expect(closedPorts(one, 30, 31)[0]).toMatchObject({ trusted: true });
    expect(closedPorts(one, 30, 400)[0]).toMatchObject({ trusted: false });
  });

  it('adds up what a source does to addresses of one network, and to no others', () => {
    const sweep = (address: (n: number) => number): boolean => {
      const { all, touch, became } = rule();
      let found = false;
      for (let n = 0; n < 20; n++) {
        found = touch(22, n / 10, 1, address(n)) || found;
        found = became(Became.closed, 22, n / 10, 1, address(n)) || found;
      }
      return found && all.found.horizontal;
    };
    expect(sweep((n) => 0x0500000a | (n << 24))).toBe(true); // 10.0.0.n
    expect(sweep((n) => 0x0500000a | (n << 8))).toBe(false); // 10.n.0.5
  });
});
