/** The real sshd and ssh of this machine, on a port and with keys of their own. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { must, type Running, until } from './command.ts';
import type { Namespace } from './rig.ts';

const SSHD = '/usr/sbin/sshd';
/** sshd refuses to start without it; the service's start makes it. */
const EMPTY = '/run/sshd';
const PORT = 2222;
const SECRET = 'secret';

export class SshServer {
  readonly #directory: string;
  readonly port: number = PORT;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Returns once it listens; it ends with the namespace at the latest. */
  static async start(namespace: Namespace): Promise<SshServer> {
    const directory = mkdtempSync(join(tmpdir(), 'packetwatch-ssh-'));
    chmodSync(directory, 0o755); // sshd reads the keys as the user
    namespace.onDown(() => rm(directory, { recursive: true }));
    for (const [file, secret] of [
      ['host', ''],
      ['key', ''],
      ['locked', SECRET],
    ] as const)
      await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', secret, '-f', join(directory, file)]);
    await must(['sh', '-ec', 'cat "$0"/key.pub "$0"/locked.pub >"$0"/allowed', directory]);
    const lines = [
      `Port ${PORT}`,
      `HostKey ${directory}/host`,
      `AuthorizedKeysFile ${directory}/allowed`,
      'PermitRootLogin yes',
      'GatewayPorts yes',
      'StrictModes no',
      'PidFile none',
      'UsePAM no',
    ];
    writeFileSync(join(directory, 'config'), `${lines.join('\n')}\n`);
    if (!existsSync(EMPTY)) {
      mkdirSync(EMPTY);
      namespace.onDown(() => rmdir(EMPTY));
    }
    // Its sessions would keep a pipe open.
    const log = join(directory, 'log');
    await namespace.start([SSHD, '-D', '-E', log, '-f', join(directory, 'config')]);
    await until(
      'sshd to listen',
      () => existsSync(log) && readFileSync(log, 'utf8').includes('listening on'),
    );
    return new SshServer(directory);
  }

  /** A client that logs in with a key. @param args options, user and host, and what to run there */
  login(from: Namespace, args: readonly string[]): Promise<Running> {
    return from.start(this.#ssh('key', args));
  }

  /** A client whose key wants a passphrase, which it gets when `go` is called: until then it is not authenticated. */
  async waiting(
    from: Namespace,
    args: readonly string[],
  ): Promise<{ client: Running; go: () => void }> {
    const asked = join(this.#directory, 'asked');
    const go = join(this.#directory, 'go');
    const script = join(this.#directory, 'askpass');
    const lines = [`touch ${asked}`, `until [ -e ${go} ]; do sleep 0.05; done`, `echo ${SECRET}`];
    writeFileSync(script, `#!/bin/sh\n${lines.join('\n')}\n`, { mode: 0o700 });
    const env = ['env', `SSH_ASKPASS=${script}`, 'SSH_ASKPASS_REQUIRE=force'];
    const client = await from.start([...env, ...this.#ssh('locked', args)]);
    await until('ssh to ask', () => existsSync(asked));
    return { client, go: () => writeFileSync(go, '') };
  }

  #ssh(key: string, args: readonly string[]): string[] {
    const options = [
      'StrictHostKeyChecking=no',
      'UserKnownHostsFile=/dev/null',
      'IdentitiesOnly=yes',
      'LogLevel=ERROR',
    ];
    const identity = ['-i', join(this.#directory, key), '-p', `${PORT}`];
    return ['ssh', '-F', 'none', ...identity, ...options.flatMap((o) => ['-o', o]), ...args];
  }
}
