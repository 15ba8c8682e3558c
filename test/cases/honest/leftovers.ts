/** What still comes when we have gone on, and what tools of the network send: nobody asks for our ports. */
import { SYN_OPTIONS, Tcp } from '../../support/frames.ts';
import type { Case } from '../case.ts';
import { Client } from '../client.ts';
import { both, type Family } from '../families.ts';
import { honestCase, type Scene } from '../scene.ts';
import { Server } from '../server.ts';

const MINUTE = 60_000;

/** We ask from a port of its own; the answer comes after the program that asked has given up. */
function lateAnswer(scene: Scene, family: Family, of: Client, port: number, lateMs: number): void {
  const srcPort = scene.random.between(32768, 60999);
  const payload = Buffer.alloc(40);
  scene.host.sendUdp({ src: family.host, srcPort, dst: of.address, dstPort: port, payload });
  const options = { srcPort: port, payload: Buffer.alloc(120) };
  scene.after(lateMs, () => of.udp(srcPort, options));
}

const lateDns = (family: Family): Case =>
  honestCase(
    `1,000 late DNS answers${family.suffix}`,
    'Three resolvers are overloaded: 1,000 answers within 20 s, each 6 s late, to ports that are closed by then.',
    (scene) => {
      const resolvers = [0, 1, 2].map((i) => new Client(scene, family.remote(53 + i)));
      let left = 1000;
      scene.every(
        20,
        () => {
          lateAnswer(scene, family, scene.random.pick(resolvers), 53, 6000);
          return --left > 0;
        },
        10 * MINUTE,
      );
    },
  );

const lateOthers = (family: Family): Case =>
  honestCase(
    `late QUIC and NTP answers${family.suffix}`,
    'A web server goes on sending to 200 QUIC ports that we closed, six datagrams each; four time servers answer 6 s late.',
    (scene) => {
      const web = new Client(scene, family.remote(60));
      const clocks = [1, 2, 3, 4].map((i) => new Client(scene, family.remote(60 + i)));
      scene.every(18_000, () => {
        const srcPort = scene.random.between(32768, 60999);
        scene.host.sendUdp({ src: family.host, srcPort, dst: web.address, dstPort: 443 });
        for (const ms of [500, 800, 1400, 2600, 5000, 9800])
          scene.after(ms, () => web.udp(srcPort, { srcPort: 443 }));
      });
      scene.every(64_000, () => {
        for (const clock of clocks) lateAnswer(scene, family, clock, 123, 6000);
      });
    },
  );

const traceroute = (family: Family): Case =>
  honestCase(
    `traceroute${family.suffix}`,
    'Somebody traces the way to us every 10 minutes: of UDP probes to 33434 and up, 16 in parallel, the last 19 arrive.',
    (scene) => {
      const client = new Client(scene, family.remote(70));
      scene.every(10 * MINUTE, () => {
        // Ten hops of three probes lie before us.
        for (let i = 0; i < 16; i++) client.udp(33_461 + i);
        for (let i = 16; i < 19; i++) scene.after(20, () => client.udp(33_461 + i));
      });
    },
  );

const tcpTraceroute = (family: Family): Case =>
  honestCase(
    `traceroute by TCP${family.suffix}`,
    'Somebody traces the way to our port 80 every 10 minutes; the last 19 SYNs arrive.',
    (scene) => {
      scene.host.set('open', 80);
      const client = new Client(scene, family.remote(71));
      scene.every(10 * MINUTE, () => {
        for (let i = 0; i < 19; i++) client.halfOpen(80);
      });
    },
  );

const lateSegments = (family: Family): Case =>
  honestCase(
    `late segments of our own connections${family.suffix}`,
    'We reset 200 connections to one server, 50 of them at once; its data and its FIN to each come late and get RSTs.',
    (scene) => {
      const server = new Server(scene, family.remote(72));
      const call = (port: number) => server.called(family.host, port, 443, { how: 'abort' });
      for (let i = 0; i < 200; i++)
        scene.after(i < 150 ? i * 18_000 : 46 * MINUTE, () => call(40_000 + 7 * i));
    },
  );

/** Sockets really listen on these, so they are ones that nobody else uses. */
const SERVED = Array.from({ length: 12 }, (_, i) => 27_022 + 100 * i);

const afterReboot = (family: Family): Case => ({
  listens: SERVED,
  ...honestCase(
    `segments of connections from before our reboot${family.suffix}`,
    'A client with connections to 12 services goes on with them after we rebooted; each gets RSTs until it connects anew.',
    (scene) => {
      const { host, random } = scene;
      host.set('open', ...SERVED);
      const client = new Client(scene, family.remote(73));
      scene.after(10 * MINUTE, () => {
        scene.inTurn(SERVED, 400, (port) => {
          const srcPort = client.nextPort();
          host.receive({
            src: client.address,
            srcPort,
            dst: family.host,
            dstPort: port,
            flags: Tcp.PSH | Tcp.ACK,
            seq: random.word(),
            ack: random.word(),
            payload: SYN_OPTIONS,
          });
          scene.after(1000, () => client.connect(port, { holdMs: 20 * MINUTE }));
        });
      });
    },
  ),
});

export const LEFTOVERS: readonly Case[] = [
  ...both(lateDns),
  ...both(lateOthers),
  ...both(traceroute),
  ...both(tcpTraceroute),
  ...both(lateSegments),
  ...both(afterReboot),
];
