/** The peers of the leak row: tools that shut a port scanner out. */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { nftRuleset } from '../test/cases/nft-rule.ts';
import { inNamespaceOf, start, stopPid, text, until } from './proc.ts';
import { ATTACKER, type Family, type Rig, VICTIM, VICTIM_IF } from './rig.ts';
import { logSyns, startSyslog } from './syslog.ts';

/** A blocker at work. */
export interface Blocking {
  /** Is the attacker's address blocked by now? */
  blocked(family: Family): Promise<boolean>;
  /** Whose CPU and memory count. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

export interface Blocker {
  readonly name: string;
  /** Commands that it needs, and the Debian package of each. */
  readonly needs: Readonly<Record<string, string>>;
  start(rig: Rig, folder: string): Promise<Blocking>;
}

const LOG_READER = { rsyslogd: 'rsyslog', iptables: 'iptables' } as const;

/** Prefix of this bench's firewall log lines; psad looks for it too. */
const PREFIX = `PWB${process.pid}`;

/** Is there a rule of the victim's firewall that names the attacker? */
async function firewallNames(rig: Rig, family: Family): Promise<boolean> {
  const { stdout } = await rig.run('victim', [family === 4 ? 'iptables-save' : 'ip6tables-save']);
  return stdout
    .split('\n')
    .some((line) => line.startsWith('-A') && line.includes(`-s ${ATTACKER[family]}/`));
}

/** The best that nftables does by hand, once per family; the window tumbles. */
const nftables: Blocker = {
  name: 'nft dynamic sets',
  needs: { nft: 'nftables' },
  async start(rig) {
    await rig.nft('victim', nftRuleset(VICTIM_IF));
    return {
      pids: [],
      blocked: async (version) =>
        (
          await rig.run('victim', [
            'nft',
            'get',
            'element',
            'inet',
            'scanblock',
            `blocked${version}`,
            `{ ${ATTACKER[version]} }`,
          ])
        ).code === 0,
      stop: async () =>
        void (await rig.run('victim', ['nft', 'delete', 'table', 'inet', 'scanblock'])),
    };
  },
};

/** portsentry 1.2 on a raw socket; it blocks through iptables, and knows IPv4 only. */
const portsentry: Blocker = {
  name: 'portsentry',
  needs: { portsentry: 'portsentry', ...LOG_READER },
  async start(rig, folder) {
    const syslog = await startSyslog(folder);
    for (const name of ['etc', 'lib']) mkdirSync(`${folder}/${name}`);
    for (const name of [
      'etc/portsentry.ignore',
      'lib/portsentry.history',
      'lib/portsentry.blocked.atcp',
    ])
      writeFileSync(`${folder}/${name}`, '');
    writeFileSync(
      `${folder}/etc/portsentry.conf`,
      `TCP_PORTS="1,11,15,79,111,119,143,540,635,1080,1524"
UDP_PORTS="1,7,9,69,161"
ADVANCED_PORTS_TCP="1024"
ADVANCED_PORTS_UDP="1024"
ADVANCED_EXCLUDE_TCP="113,139"
ADVANCED_EXCLUDE_UDP="520,138,137,67"
IGNORE_FILE="/etc/portsentry/portsentry.ignore"
HISTORY_FILE="/var/lib/portsentry/portsentry.history"
BLOCKED_FILE="/var/lib/portsentry/portsentry.blocked"
RESOLVE_HOST = "0"
BLOCK_UDP="0"
BLOCK_TCP="1"
KILL_ROUTE="/usr/sbin/iptables -I INPUT -s $TARGET$ -j DROP"
SCAN_TRIGGER="3"
`,
    );
    const script =
      'mount --bind "$1/etc" /etc/portsentry && mount --bind "$1/lib" /var/lib/portsentry && exec portsentry -atcp';
    await start(syslog.inside(rig, ['sh', '-c', script, 'sh', folder]), {
      stdout: { file: `${folder}/out` },
      stderr: `${folder}/out`,
    });
    const watched = await rig.start('victim', ['sleep', '3600'], {
      stdout: { file: `${folder}/out` },
      stderr: `${folder}/out`,
    });
    const daemons = (): number[] => inNamespaceOf(watched.pid, 'portsentry'); // it detaches itself
    if (!(await until(() => text(`${folder}/user.log`).includes('now active and listening'), 10))) {
      throw new Error(
        `portsentry did not start: ${text(`${folder}/out`)}${text(`${folder}/user.log`).slice(-300)}`,
      );
    }
    return {
      pids: [...daemons(), syslog.pid],
      blocked: (family) => firewallNames(rig, family),
      stop: async () => {
        for (const pid of daemons()) await stopPid(pid);
        await watched.stop();
        await syslog.stop();
      },
    };
  },
};

/** fail2ban on the firewall's log lines: the fourth line within 60 s bans. It counts lines, not ports. */
const fail2ban: Blocker = {
  name: 'fail2ban',
  needs: { 'fail2ban-server': 'fail2ban', ...LOG_READER },
  async start(rig, folder) {
    const syslog = await startSyslog(folder);
    await logSyns(rig, VICTIM_IF, PREFIX);
    const etc = `${folder}/f2b`;
    cpSync('/etc/fail2ban', etc, { recursive: true });
    rmSync(`${etc}/jail.d`, { recursive: true, force: true });
    writeFileSync(`${etc}/jail.conf`, '');
    writeFileSync(
      `${etc}/filter.d/bench.conf`,
      `[Definition]\nfailregex = ${PREFIX} .*SRC=<HOST> .*DPT=\ndatepattern = {^LN-BEG}\n`,
    );
    writeFileSync(
      `${etc}/jail.local`,
      `[bench]
enabled=true
filter=bench
logpath=${folder}/kern.log
backend=pyinotify
maxretry=4
findtime=60
bantime=600
usedns=no
banaction=iptables-allports
action=iptables-allports[name=bench, protocol=all, chain=INPUT]
`,
    );
    writeFileSync(
      `${etc}/fail2ban.local`,
      `[Definition]
loglevel=INFO
logtarget=${folder}/f2b.log
socket=${folder}/f2b.sock
pidfile=${folder}/f2b.pid
dbfile=None
`,
    );
    const argv = [
      'fail2ban-server',
      '-c',
      etc,
      '-s',
      `${folder}/f2b.sock`,
      '-p',
      `${folder}/f2b.pid`,
      '-xf',
      'start',
    ];
    const server = await start(syslog.inside(rig, argv), {
      stdout: { file: `${folder}/out` },
      stderr: `${folder}/out`,
    });
    if (!(await until(() => text(`${folder}/f2b.log`).includes("Jail 'bench' started"), 15))) {
      throw new Error(
        `fail2ban did not start: ${text(`${folder}/out`)}${text(`${folder}/f2b.log`)}`,
      );
    }
    return {
      pids: [server.pid, syslog.pid],
      blocked: (family) => firewallNames(rig, family),
      stop: async () => {
        await server.stop();
        await syslog.stop();
      },
    };
  },
};

/** psad on the firewall's log lines, automatic blocking at its lowest danger level, checked every second. */
const psad: Blocker = {
  name: 'psad',
  needs: { psad: 'psad', ...LOG_READER },
  async start(rig, folder) {
    const syslog = await startSyslog(folder);
    await logSyns(rig, VICTIM_IF, PREFIX);
    for (const name of ['log', 'run', 'fifo']) mkdirSync(`${folder}/${name}`);
    cpSync('/etc/psad', `${folder}/etc`, { recursive: true });
    writeFileSync(`${folder}/log/fwdata`, '');
    const settings: Record<string, string> = {
      HOSTNAME: 'bench',
      HOME_NET: `${VICTIM[4]}/32`,
      FW_MSG_SEARCH: PREFIX,
      IPT_SYSLOG_FILE: `${folder}/kern.log`,
      AUTO_DETECT_JOURNALCTL: 'N',
      IPT_WRITE_FWDATA: 'N',
      ENABLE_AUTO_IDS: 'Y',
      AUTO_IDS_DANGER_LEVEL: '1',
      DANGER_LEVEL1: '4',
      CHECK_INTERVAL: '1',
      ENABLE_WHOIS_LOOKUPS: 'N',
      ENABLE_DNS_LOOKUPS: 'N',
      ALERTING_METHODS: 'noemail',
      ENABLE_INTF_LOCAL_NETS: 'N',
      ENABLE_FW_LOGGING_CHECK: 'N',
      PSAD_DIR: `${folder}/log`,
      PSAD_RUN_DIR: `${folder}/run`,
      PSAD_FIFO_DIR: `${folder}/fifo`,
      PSAD_CONF_DIR: `${folder}/etc`,
    };
    const file = `${folder}/etc/psad.conf`;
    let config = readFileSync(file, 'utf8');
    for (const [name, value] of Object.entries(settings))
      config = config.replace(new RegExp(`^${name}\\s.*`, 'm'), `${name} ${value};`);
    writeFileSync(file, config);
    const argv = [
      'psad',
      '-c',
      file,
      '--no-daemon',
      '--no-whois',
      '--no-rdns',
      '--no-signatures',
      '--no-snort-sids',
    ];
    const daemon = await start(syslog.inside(rig, argv), {
      stdout: { file: `${folder}/out` },
      stderr: `${folder}/out`,
    });
    if (!(await until(() => text(`${folder}/run/psad.pid`) !== '', 15)))
      throw new Error(`psad did not start: ${text(`${folder}/out`)}`);
    await until(() => false, 3); // it has no sign of being ready; its first pass takes this long
    return {
      pids: [daemon.pid, syslog.pid],
      blocked: (family) => firewallNames(rig, family),
      stop: async () => {
        await daemon.stop();
        await syslog.stop();
      },
    };
  },
};

export const BLOCKERS: readonly Blocker[] = [nftables, portsentry, fail2ban, psad];
