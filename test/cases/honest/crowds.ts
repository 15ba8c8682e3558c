/** Many connections, many users behind one address, many peers. */
import type { Case } from '../case.ts';
import { Client, type Connect } from '../client.ts';
import { both, type Family } from '../families.ts';
import { honestCase, type Scene } from '../scene.ts';
import { Server } from '../server.ts';

const MINUTE = 60_000;
const USERS = 200;
/** Ports that users try by mistake, all closed here. */
const MISTAKES = [21, 23, 81, 445, 2222, 3000, 3389, 5900, 8000, 8080, 8443, 9090];

const nat = (family: Family): Case =>
  honestCase(
    `NAT address with ${USERS} users${family.suffix}`,
    family.suffix === ''
      ? 'Each user visits every two minutes: mostly the web in parallel connections, some ssh and mail, 1 % by mistake a closed port.'
      : 'The same users with an address each, all in one /64.',
    (scene) => {
      scene.host.set('open', 22, 80, 443, 993);
      const users = Array.from({ length: USERS }, (_, i) => {
        const v6 = `2001:db8:77::${(i + 16).toString(16)}`;
        return new Client(scene, family.suffix === '' ? '203.0.113.77' : v6, 10 + (i % 50));
      });
      for (const user of users) scene.often(2 * MINUTE, () => visit(scene, user));
    },
  );

function visit(scene: Scene, user: Client): void {
  const { random } = scene;
  const kind = random.share();
  if (kind < 0.01) user.connect(random.pick(MISTAKES));
  else if (kind < 0.04) user.connect(22, { holdMs: 10 * MINUTE });
  else if (kind < 0.09) user.connect(993, { holdMs: MINUTE });
  else for (let n = random.between(1, 6); n > 0; n--) browse(scene, user);
}

/** One connection of a browser: one in fifty is given up before it is open, one in twenty is reset. */
function browse(scene: Scene, user: Client, options: Connect = {}): void {
  const { random } = scene;
  const port = random.share() < 0.8 ? 443 : 80;
  const luck = random.share();
  if (luck < 0.02) user.halfOpen(port, options);
  else
    user.connect(port, {
      ...options,
      holdMs: random.wait(5000),
      end: luck < 0.07 ? 'rst' : 'fin',
    });
}

const crawler = (family: Family): Case =>
  honestCase(
    `crawler${family.suffix}`,
    'A search engine opens 7,000 connections to ports 80 and 443.',
    (scene) => {
      scene.host.set('open', 80, 443);
      const client = new Client(scene, family.remote(30), 80);
      scene.every(512, () => browse(scene, client));
    },
  );

const oneClientManyAddresses = (family: Family): Case =>
  honestCase(
    `browser, 20 addresses of ours on port 80${family.suffix}`,
    'A browser opens sites that lie on 20 of our addresses, all on port 80, again every 10 minutes.',
    (scene) => {
      scene.host.set('open', 80, 443);
      const client = new Client(scene, family.remote(31));
      scene.every(10 * MINUTE, () => {
        scene.inTurn(family.locals, 150, (dst) => client.connect(80, { dst, holdMs: 5000 }));
      });
    },
  );

const ourBrowser = (family: Family): Case =>
  honestCase(
    `browser on our host${family.suffix}`,
    'We open 3,600 connections to 500 hosts on port 80; one in fifty refuses or says nothing.',
    (scene) => {
      const { random } = scene;
      scene.every(1000, () => {
        const server = new Server(scene, family.remote(random.between(1000, 1499)));
        const luck = random.share();
        const how = luck < 0.01 ? 'refused' : luck < 0.02 ? 'silent' : 'close';
        server.called(family.host, random.between(32768, 60999), 80, { how });
      });
    },
  );

const TORRENT = 51413;

/** 400 peers, each coming back every five minutes by TCP and by µTP (BEP 29) over UDP. */
function peers(scene: Scene, family: Family): void {
  for (let i = 0; i < 400; i++) {
    const peer = new Client(scene, family.remote(2000 + i), 60);
    scene.often(5 * MINUTE, () => {
      peer.connect(TORRENT, { tries: 3, holdMs: 30_000 });
      const srcPort = peer.nextPort();
      for (const ms of [0, 1000, 3000]) scene.after(ms, () => peer.udp(TORRENT, { srcPort }));
    });
  }
}

const torrentStopped = (family: Family): Case =>
  honestCase(
    `BitTorrent, stopped${family.suffix}`,
    '400 peers go on trying the one port of a client that was stopped, over TCP and UDP.',
    (scene) => peers(scene, family),
  );

const torrentRunning = (family: Family): Case =>
  honestCase(
    `BitTorrent, running${family.suffix}`,
    '400 peers connect to our client, and it connects to a peer every 2 s; half of those are gone.',
    (scene) => {
      const { host, random } = scene;
      host.set('open', TORRENT);
      host.setUdp('open', TORRENT);
      peers(scene, family);
      scene.every(2000, () => {
        const address = family.remote(random.between(2000, 2799));
        const [srcPort, dstPort] = [random.between(32768, 60999), random.between(1024, 65535)];
        const how = random.pick(['close', 'abort', 'refused', 'silent'] as const);
        new Server(scene, address, 60).called(family.host, srcPort, dstPort, { how });
        host.sendUdp({ src: family.host, dst: address, srcPort: TORRENT, dstPort });
      });
    },
  );

export const CROWDS: readonly Case[] = [
  ...both(nat),
  ...both(crawler),
  ...both(oneClientManyAddresses),
  ...both(ourBrowser),
  ...both(torrentStopped),
  ...both(torrentRunning),
];
