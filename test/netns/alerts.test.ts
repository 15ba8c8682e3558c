/** Alerts reach their receivers with what stands on standard output; a dead receiver stalls nothing. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { until } from '../support/command.ts';
import { type Event, Watch } from '../support/packetwatch.ts';
import { PYTHON } from '../support/peer.ts';
import { otherScanner, SCANNER, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig } from '../support/suite.ts';
import { nmapSyn } from './scans.ts';

const RECEIVER = fileURLToPath(new URL('../support/receiver.py', import.meta.url));
const ALERTS: ReadonlySet<string> = new Set(['scan', 'block', 'unblock', 'loss']);

const alertsOf = (watch: Watch): Event[] => watch.events().filter(({ event }) => ALERTS.has(event));

suite('alerts', ['nmap'], () => {
  const rig = useRig('direct');

  test('a scan is told at the webhook and by syslog as on standard output', async () => {
    const receiver = await rig().scanner.start([PYTHON, RECEIVER, SCANNER[4]]);
    const [web, tcp] = await receiver.out.wait('its ports', (line) =>
      line.startsWith('ready') ? line.split(' ').slice(1) : undefined,
    );
    const webhook = `http://me:pass@${SCANNER[4]}:${web}/hook`;
    const to = ['--webhook', webhook, '--syslog', `tcp://${SCANNER[4]}:${tcp}`];
    const options = ['-i', VICTIM_IF, '-o', 'json', '--block', ...to];
    const watch = await Watch.start(rig().victim, options);
    const source = otherScanner(1, 4);
    await nmapSyn(rig().scanner, source, VICTIM[4]);
    await watch.event({ event: 'block', src_ip: source });

    const received = (by: string): Event[] =>
      receiver.out.all.flatMap((line) => {
        const json = /^(webhook|syslog) (?:.*? - )?([[{].*)$/.exec(line);
        return json?.[1] === by ? (JSON.parse(json[2]!) as Event | Event[]) : [];
      });
    await until('both', () => received('webhook').length >= 2 && received('syslog').length >= 2);
    const counts = await until('the answers', async () => {
      const { alerts } = await watch.status();
      return alerts.every(({ waiting }) => waiting === 0) && alerts;
    });
    expect(counts).toEqual([
      { by: 'webhook', to: `webhook http://${SCANNER[4]}:${web}`, sent: 2, waiting: 0, lost: 0 },
      { by: 'syslog', to: `syslog tcp://${SCANNER[4]}:${tcp}`, sent: 2, waiting: 0, lost: 0 },
    ]);

    await watch.stop();
    const told = alertsOf(watch);
    expect(told).toMatchObject([
      { event: 'scan', state: 'start', src_ip: source, dst_ip: VICTIM[4] },
      { event: 'block', src_ip: source },
      { event: 'scan', state: 'end', end_reason: 'forced end', src_ip: source },
    ]);
    expect(told[0]!.evidence).toMatchObject({ syns: 4, port_count: 4, blocked: true, blocks: 1 });
    await until('the end', () => received('syslog').length >= 3);
    expect(received('webhook')).toEqual(told);
    expect(received('syslog')).toEqual(told);
    expect(receiver.out.all.some((line) => /^syslog <84>1 \S+Z \S+ packetwatch /.test(line))).toBe(
      true,
    );
    expect(watch.notes.join()).not.toContain('pass');
    await receiver.end('SIGKILL');
  });

  test('a receiver that is not there: one note, and the end comes in time', async () => {
    const options = ['--webhook', `http://${SCANNER[4]}:9/secret`, '--syslog', '/nowhere/log'];
    const watch = await Watch.start(rig().victim, ['-i', VICTIM_IF, ...options]);
    const source = otherScanner(2, 4);
    await nmapSyn(rig().scanner, source, VICTIM[4]);
    await watch.line(new RegExp(`detected: ${source} -> .* on ports \\d+(,\\d+){63}$`));
    await watch.note(/alerts? for webhook http:\/\/[\d.]+:9 lost: ECONNREFUSED$/);
    await watch.note(/alerts? for syslog \/nowhere\/log lost: ENOENT$/);
    const began = performance.now();
    expect(await watch.stop()).toBe(0);
    expect(performance.now() - began).toBeLessThan(4000);
    expect(watch.lines.at(-1)).toMatch(
      new RegExp(`: Port scan no longer followed: ${source} -> .*, 200 ports in \\d+s$`),
    );
    expect(watch.notes.join()).not.toContain('secret');
  });

  test('a scan that is over is told as ended', async () => {
    const rule = ['--rule', 'reference,window=1s'];
    const watch = await Watch.start(rig().victim, ['-i', VICTIM_IF, ...rule]);
    const source = otherScanner(3, 4);
    await nmapSyn(rig().scanner, source, VICTIM[4]);
    await watch.line(
      new RegExp(`: Port scan ended: ${source} -> ${VICTIM[4]}, 200 ports in \\ds$`),
    );
    expect((await watch.status()).flow).toMatchObject({ scans: 0, scans_evicted: 0 });
    await watch.stop();
    expect(watch.lines.some((line) => line.includes('no longer followed'))).toBe(false);
  });
});
