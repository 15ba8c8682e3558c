/** Protocols that need more ports than one: FTP, RPC, mail, port knocking. */
import { Tcp } from '../../support/frames.ts';
import type { Case } from '../case.ts';
import { Client } from '../client.ts';
import { both, type Family } from '../families.ts';
import { honestCase } from '../scene.ts';
import { Server } from '../server.ts';

const MINUTE = 60_000;
const TRANSFERS = 60;

const ftpPassive = (family: Family): Case =>
  honestCase(
    `FTP, passive${family.suffix}`,
    'A client fetches 60 files, one per second, each from a high port of ours that is open for it alone; again every 20 minutes.',
    (scene) => {
      const { host, random } = scene;
      host.set('open', 21);
      const client = new Client(scene, family.remote(10));
      scene.every(20 * MINUTE, () => {
        client.connect(21, { holdMs: 70_000 });
        let left = TRANSFERS;
        scene.every(
          1000,
          () => {
            const port = random.between(49152, 65534);
            host.set('open', port);
            client.connect(port, { holdMs: 300, told: () => host.set('closed', port) });
            return --left > 0;
          },
          1000,
        );
      });
    },
  );

const ftpActiveServer = (family: Family): Case =>
  honestCase(
    `FTP, active, we serve${family.suffix}`,
    'A client fetches 60 files; for each we connect from port 20 to a port of its own; again every 20 minutes.',
    (scene) => {
      scene.host.set('open', 21);
      const client = new Client(scene, family.remote(11));
      const listener = new Server(scene, client.address);
      scene.every(20 * MINUTE, () => {
        client.connect(21, { holdMs: 70_000 });
        let left = TRANSFERS;
        scene.every(
          1000,
          () => {
            listener.called(family.host, 20, client.nextPort());
            return --left > 0;
          },
          1000,
        );
      });
    },
  );

const ftpActiveClient = (family: Family): Case =>
  honestCase(
    `FTP, active, we fetch${family.suffix}`,
    'We fetch 60 files from a server; for each it connects from its port 20 to an ephemeral port of ours; again every 20 minutes.',
    (scene) => {
      const { host, random } = scene;
      const server = new Client(scene, family.remote(12));
      scene.every(20 * MINUTE, () => {
        new Server(scene, server.address).called(family.host, random.between(32768, 60999), 21);
        let left = TRANSFERS;
        scene.every(
          1000,
          () => {
            const port = random.between(32768, 60999);
            host.set('open', port);
            const close = () => host.set('closed', port);
            server.connect(port, { srcPort: 20, holdMs: 300, told: close });
            return --left > 0;
          },
          1000,
        );
      });
    },
  );

/** portmapper, NFS, mountd, statd, lockd, rquotad */
const RPC = [111, 2049, 20048, 37221, 41873, 875];

const rpc = (family: Family): Case =>
  honestCase(
    `RPC and NFS${family.suffix}`,
    'A client asks the portmapper over UDP and TCP, then connects to NFS, mountd, statd, lockd and rquotad; again every 10 minutes.',
    (scene) => {
      scene.host.set('open', ...RPC);
      scene.host.setUdp('open', 111, 2049);
      const client = new Client(scene, family.remote(13), 1);
      scene.every(10 * MINUTE, () => {
        client.udp(111);
        scene.inTurn(RPC, 20, (port) => client.connect(port, { holdMs: 50 }));
      });
    },
  );

const mail = (family: Family): Case =>
  honestCase(
    `mail client, autodiscovery${family.suffix}`,
    'A new mail client tries the six mail ports at once, of which three are closed; then uses two of them.',
    (scene) => {
      scene.host.set('open', 25, 587, 993);
      const client = new Client(scene, family.remote(14));
      scene.after(5 * MINUTE, () => {
        for (const port of [143, 993, 110, 995, 25, 587]) client.connect(port);
      });
      scene.every(3 * MINUTE, () => client.connect(993, { holdMs: 30_000 }), 6 * MINUTE);
      scene.every(17 * MINUTE, () => client.connect(587), 7 * MINUTE);
    },
  );

const knocking = (family: Family): Case =>
  honestCase(
    `port knocking${family.suffix}`,
    'An administrator knocks at three closed ports, then logs in by ssh; again every 10 minutes.',
    (scene) => {
      scene.host.set('open', 22);
      const client = new Client(scene, family.remote(15));
      scene.every(10 * MINUTE, () => {
        scene.inTurn([7000, 8000, 9000], 300, (port) => client.probe(port, Tcp.SYN));
        scene.after(1000, () => client.connect(22, { holdMs: 5 * MINUTE }));
      });
    },
  );

export const PROTOCOLS: readonly Case[] = [
  ...both(ftpPassive),
  ...both(ftpActiveServer),
  ...both(ftpActiveClient),
  ...both(rpc),
  ...both(mail),
  ...both(knocking),
];
