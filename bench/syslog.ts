/**
 * A private syslog daemon for the peers that read firewall logs: its own mount namespace with its own
 * /dev/log, the kernel's log in kern.log, everything else in user.log.
 */
import { writeFileSync } from 'node:fs';
import { must, onEnd, start, text, until } from './proc.ts';
import type { Rig } from './rig.ts';

const NF_LOG_ALL = 'net.netfilter.nf_log_all_netns';

export interface Syslog {
  readonly pid: number;
  /** Puts a command into the daemon's mount namespace and the victim's network. */
  inside(rig: Rig, argv: readonly string[]): string[];
  stop(): Promise<void>;
}

/** A /dev of the daemon's own, so that the machine's /dev/log stays what it is; then the daemon in its place. */
const SCRIPT = `
mount --make-rprivate /
mkdir -p "$1/dev"
mount -t tmpfs tmpfs "$1/dev"
for node in null zero full random urandom tty kmsg; do
  [ -e /dev/$node ] && touch "$1/dev/$node" && mount --bind /dev/$node "$1/dev/$node"
done
ln -s /proc/self/fd "$1/dev/fd"
mount --rbind "$1/dev" /dev
exec rsyslogd -n -f "$1/rsyslog.conf" -i "$1/rsyslog.pid"
`;

/** Firewall logging in namespaces is off by default: switched on for the run and put back after. */
export async function startSyslog(folder: string): Promise<Syslog> {
  const before = (await must(['sysctl', '-n', NF_LOG_ALL])).trim();
  const restore = onEnd(
    async () => void (await must(['sysctl', '-qw', `${NF_LOG_ALL}=${before}`])),
  );
  await must(['sysctl', '-qw', `${NF_LOG_ALL}=1`]);
  const format = 'template="RSYSLOG_TraditionalFileFormat"';
  writeFileSync(
    `${folder}/rsyslog.conf`,
    `module(load="imuxsock" SysSock.Name="/dev/log" SysSock.RateLimit.Interval="0")
module(load="imklog" PermitNonKernelFacility="on")
global(workDirectory="${folder}")
kern.* action(type="omfile" file="${folder}/kern.log" ${format})
*.*;kern.none action(type="omfile" file="${folder}/user.log" ${format})
`,
  );
  writeFileSync(`${folder}/kern.log`, '');
  writeFileSync(`${folder}/user.log`, '');
  const daemon = await start(['unshare', '-m', 'sh', '-c', SCRIPT, 'sh', folder], {
    stdout: { file: `${folder}/rsyslog.out` },
    stderr: `${folder}/rsyslog.out`,
  });
  const ready = await until(() => /rsyslogd.*start/.test(text(`${folder}/user.log`)), 8);
  if (!ready) throw new Error(`rsyslogd did not start: ${text(`${folder}/rsyslog.out`).trim()}`);
  return {
    pid: daemon.pid,
    inside: (rig, argv) => [
      'nsenter',
      `--mount=/proc/${daemon.pid}/ns/mnt`,
      ...rig.inside('victim', argv),
    ],
    stop: async () => {
      await daemon.stop();
      await restore();
    },
  };
}

/**
 * A firewall rule that logs every new TCP connection with a prefix of this run only: older lines of the
 * kernel's log can't be mistaken for it. Level debug keeps the lines off the console.
 */
export async function logSyns(rig: Rig, interfaceName: string, prefix: string): Promise<void> {
  const rule = [
    '-A',
    'INPUT',
    '-i',
    interfaceName,
    '-p',
    'tcp',
    '--syn',
    '-j',
    'LOG',
    '--log-level',
    'debug',
    '--log-prefix',
    `${prefix} `,
  ];
  await rig.must('victim', ['iptables', ...rule]);
  await rig.must('victim', ['ip6tables', ...rule]);
}
