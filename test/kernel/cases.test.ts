/** The kernel reads the frames of the cases as their model does: which are attempts, which refusals, which malformed. */
import { describe, expect, it } from 'vitest';
import { attemptOf, tcpOffset } from '../cases/attempt.ts';
import { HONEST, SCANS } from '../cases/cases.ts';
import { LOCAL4, LOCAL6 } from '../cases/host.ts';
import { Tcp } from '../support/frames.ts';
import { withRig } from './with-rig.ts';

/** One of each kind of frame; the large cases have no others. */
const NAMES =
  /^(health checks, half-open|FTP, passive|mail client|backscatter by ICMP|1,000 late DNS|traceroute|late segments|nmap -s. -T3|nmap -sS -f|nmap -sS --)/;

describe('frames of the cases', () => {
  const rig = withRig();

  it.each([...HONEST, ...SCANS].filter(({ name }) => NAMES.test(name)))('$name', (one) => {
    rig().setLocals([...LOCAL4, ...LOCAL6]);
    const expected = { attempts: 0, refused: 0, malformed: 0 };
    let frames = 0;
    for (const step of one.steps()) {
      if (step.kind === 'opened') continue;
      const { kind, frame } = step;
      const verdict = kind === 'out' ? rig().leave(frame) : rig().run('tcx', frame);
      expect(verdict).toBe('pass');
      if (kind === 'out') expected.refused += isRefusal(frame) ? 1 : 0;
      else if (attemptOf(frame)?.whole === true) expected.attempts++;
      else if (isCut(frame)) expected.malformed++;
      if (++frames % 1000 === 0) rig().discard();
    }
    rig().discard();
    const { attempts = 0, answers_reported: refused = 0, malformed = 0 } = rig().moved();
    expect({ attempts, refused, malformed }).toEqual(expected);
  });
});

const { SYN, ACK, RST } = Tcp;

/** An RST with sequence number 0; BPF_PROG_TEST_RUN has a socket for a SYN+ACK, so that one is only noted. */
function isRefusal(frame: Uint8Array): boolean {
  const tcp = tcpOf(frame);
  if (!tcp || tcp.length < 20) return false;
  return (tcp[13]! & (SYN | ACK | RST)) === (RST | ACK) && tcp.readUInt32BE(4) === 0;
}

/** A first fragment that ends within the TCP header. */
function isCut(frame: Uint8Array): boolean {
  const tcp = tcpOf(frame);
  return tcp !== undefined && (tcp.length < 20 || (tcp[12]! >> 4) * 4 > tcp.length);
}

/** From the TCP header on, where there is one. */
function tcpOf(frame: Uint8Array): Buffer | undefined {
  const at = tcpOffset(frame);
  return at === 0 ? undefined : Buffer.from(frame).subarray(at);
}
