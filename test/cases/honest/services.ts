/** Clients of many ports of one host, and those whose services are down. */
import type { Case } from '../case.ts';
import { Client } from '../client.ts';
import { both, type Family } from '../families.ts';
import { honestCase, type Scene } from '../scene.ts';

const MINUTE = 60_000;

/** `ports` refuse from `fromMs` on, for so long. */
function down(scene: Scene, ports: readonly number[], fromMs: number, forMs: number): void {
  scene.after(fromMs, () => scene.host.set('closed', ...ports));
  scene.after(fromMs + forMs, () => scene.host.set('open', ...ports));
}

const CHECKED = [80, 443, 8080, 8443, 9000, 9443];

const healthChecks = (how: 'half-open' | 'full', family: Family): Case =>
  honestCase(
    `health checks, ${how}${family.suffix}`,
    `A load balancer checks 6 ports every 2 s by ${how === 'full' ? 'whole connections' : 'SYN and RST'}; one is down for 10 minutes.`,
    (scene) => {
      scene.host.set('open', ...CHECKED);
      down(scene, [8080], 20 * MINUTE, 10 * MINUTE);
      const balancer = new Client(scene, family.remote(2), 1);
      scene.every(2000, () => {
        for (const port of CHECKED)
          if (how === 'full') balancer.connect(port, { holdMs: 5 });
          else balancer.halfOpen(port);
      });
    },
  );

const SIXTEEN = [
  22, 25, 80, 143, 389, 443, 587, 993, 1883, 3306, 5432, 5672, 6379, 8080, 8883, 9200,
];

const sixteenServices = (how: 'in parallel' | 'in turns', family: Family): Case =>
  honestCase(
    `16 service ports, ${how}${family.suffix}`,
    how === 'in parallel'
      ? 'One client opens 16 service ports of one host at once, again every five minutes.'
      : 'One client uses 16 service ports of one host, one every two seconds.',
    (scene) => {
      scene.host.set('open', ...SIXTEEN);
      const client = new Client(scene, family.remote(3), 5);
      if (how === 'in turns') scene.inTurn(around(SIXTEEN), 2000, (port) => client.connect(port));
      else
        scene.every(5 * MINUTE, () => {
          for (const port of SIXTEEN) client.connect(port, { holdMs: 4 * MINUTE });
        });
    },
  );

function* around<T>(items: readonly T[]): Generator<T> {
  for (;;) yield* items;
}

const TWENTY = Array.from({ length: 20 }, (_, i) => 8000 + i);

const restart = (family: Family): Case =>
  honestCase(
    `service restart${family.suffix}`,
    'A monitoring system checks 20 ports every 30 s; 5 are down for 3 minutes, later all of them for two.',
    (scene) => {
      scene.host.set('open', ...TWENTY);
      down(scene, TWENTY.slice(0, 5), 10 * MINUTE, 3 * MINUTE);
      down(scene, TWENTY, 30 * MINUTE, 2 * MINUTE);
      const monitor = new Client(scene, family.remote(4), 2);
      scene.every(30_000, () => {
        for (const port of TWENTY) monitor.connect(port, { tries: 3 });
      });
    },
  );

const monitoring = (family: Family): Case =>
  honestCase(
    `monitoring system${family.suffix}`,
    'A monitoring system checks 25 ports every minute; 2 of them are always closed, by misconfiguration.',
    (scene) => {
      const ports = [...TWENTY, 22, 80, 443, 5666, 10050];
      scene.host.set('open', ...ports.filter((port) => port !== 8007 && port !== 5666));
      const monitor = new Client(scene, family.remote(5), 2);
      scene.every(MINUTE, () => {
        scene.inTurn(scene.random.shuffled(ports), 100, (port) => monitor.connect(port));
      });
    },
  );

const silentPort = (family: Family): Case =>
  honestCase(
    `SYN retransmits to a silent port${family.suffix}`,
    'A client tries one filtered port without end: 7 SYNs in 63 s, again after two minutes.',
    (scene) => {
      scene.host.set('filtered', 8443);
      const client = new Client(scene, family.remote(6));
      scene.every(130_000, () => client.connect(8443));
    },
  );

const silentPorts = (count: 3 | 5, family: Family): Case =>
  honestCase(
    `SYN retransmits to ${count} filtered ports${family.suffix}`,
    count === 3
      ? 'A misconfigured client tries three filtered ports without end, and nothing else.'
      : 'A misconfigured client tries five filtered ports without end, and uses a sixth that answers every 20 s.',
    (scene) => {
      const ports = [5432, 6379, 9092, 5672, 9200].slice(0, count);
      scene.host.set('filtered', ...ports);
      scene.host.set('open', 443);
      const client = new Client(scene, family.remote(7));
      if (count === 5) scene.every(20_000, () => client.connect(443));
      for (const [i, port] of ports.entries())
        scene.every(130_000, () => client.connect(port), 15_000 + 700 * i);
    },
  );

export const SERVICES: readonly Case[] = [
  ...both((family) => healthChecks('half-open', family)),
  ...both((family) => healthChecks('full', family)),
  ...both((family) => sixteenServices('in parallel', family)),
  ...both((family) => sixteenServices('in turns', family)),
  ...both(restart),
  ...both(monitoring),
  ...both(silentPort),
  ...both((family) => silentPorts(3, family)),
  ...both((family) => silentPorts(5, family)),
];
