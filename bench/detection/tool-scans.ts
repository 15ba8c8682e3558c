/** The scans that real tools make, as their users write them. */
import { ATTACKER, ATTACKER_IF, type Family, VICTIM } from '../rig.ts';

export interface ToolScan {
  readonly name: string;
  readonly family: Family;
  /** @param mac of the victim's interface */
  argv(mac: string): readonly string[];
  /** What a probe is, as nftables matches it. */
  readonly probe: string;
  /** Sends from random addresses, which all count. */
  readonly spoofs?: true;
  /** One probe in many seconds. */
  readonly slow?: true;
  /** Part of a quick run. */
  readonly quick: boolean;
  /** Why nobody is found, where that is meant so. */
  readonly unfound?: string;
}

const FAMILIES = [4, 6] as const;
const TIMINGS = ['T1', 'T2', 'T3', 'T4', 'T5'] as const;
const PORTS = '1-1000';

const SYN = 'tcp flags & (fin | syn | rst | ack) == syn';
const UDP = 'meta l4proto udp';
const exactly = (flags: string): string => `tcp flags == ${flags}`;

/** Probes by nmap's type of scan. */
const PROBES: Readonly<Record<string, string>> = {
  sS: SYN,
  sT: SYN,
  sN: exactly('0x0'),
  sF: exactly('fin'),
  sX: exactly('fin | psh | urg'),
  sM: exactly('fin | ack'),
  sA: exactly('ack'),
  sW: exactly('ack'),
  sU: UDP,
};

const nmap = (
  options: string,
  family: Family,
  more: Partial<ToolScan> & { readonly ports?: string } = {},
): ToolScan => {
  const { ports = PORTS, ...rest } = more;
  const type = options.slice(1, 3);
  // a connect scan takes the address that the kernel gives it
  const source = type === 'sT' ? [] : ['-S', ATTACKER[family], '-e', ATTACKER_IF];
  const version = family === 6 ? ['-6'] : [];
  const range = ports === '' ? [] : [`-p${ports}`];
  const common = ['nmap', '-n', '-Pn', ...version, ...source, ...range];
  return {
    name: `nmap ${options}`,
    family,
    argv: () => [...common, ...options.split(' '), VICTIM[family]],
    probe: PROBES[type]!,
    quick: true,
    ...rest,
  };
};

const DECOYS = {
  4: '198.51.100.1,198.51.100.2,198.51.100.3,ME,198.51.100.4,198.51.100.5',
  6: '2001:db8:1::1,2001:db8:2::1,2001:db8:3::1,ME,2001:db8:4::1,2001:db8:5::1',
} as const;

const LOW_PORT = 'what comes from a port below 1024 may be a late answer to what this host asked';

const masscan = (family: Family): ToolScan => ({
  name: 'masscan --rate 1000',
  family,
  argv: (mac) => [
    'masscan',
    '-i',
    ATTACKER_IF,
    '--adapter-ip',
    ATTACKER[family],
    family === 4 ? '--router-mac-ipv4' : '--router-mac-ipv6',
    mac,
    '-p',
    PORTS,
    '--rate',
    '1000',
    '--wait',
    '0',
    '--range',
    VICTIM[family],
  ],
  probe: SYN,
  quick: true,
});

/** hping3 has no IPv6. */
const hping3 = (options: string, probe: string, more: Partial<ToolScan> = {}): ToolScan => ({
  name: `hping3 ${options}`,
  family: 4,
  argv: () => [
    'hping3',
    '-n',
    '-q',
    '-I',
    ATTACKER_IF,
    ...(options.includes('--rand-source') ? [] : ['-a', ATTACKER[4]]),
    ...options.split(' '),
    VICTIM[4],
  ],
  probe,
  quick: true,
  ...more,
});

const ONE_BY_ONE = '-p ++1 -i u1000 -c 1000';

export const TOOL_SCANS: readonly ToolScan[] = [
  ...Object.keys(PROBES).flatMap((type) =>
    TIMINGS.flatMap((timing) =>
      FAMILIES.map((family) =>
        nmap(`-${type} -${timing}`, family, {
          quick: timing === 'T4',
          ...(timing === 'T1' ? { slow: true } : {}),
        }),
      ),
    ),
  ),
  ...FAMILIES.flatMap((family) => [
    nmap(`-sS -D ${DECOYS[family]}`, family, { name: 'nmap -sS -D, five decoys' }),
    nmap('-sS -f', family),
    nmap('-sS --mtu 16', family),
    nmap('-sS --mtu 24 --data-length 32', family),
    nmap('-sS --data-length 32', family),
    nmap('-sS -g 53', family),
    nmap('-sS -g 20', family),
    nmap('-sU -g 53', family, { unfound: LOW_PORT }),
    nmap('-sU -f', family),
    nmap('-sS -p-', family, { ports: '' }),
    nmap('-sS -p- -r', family, { ports: '' }),
    masscan(family),
  ]),
  hping3(`--scan ${PORTS} -S`, SYN),
  hping3(`-S ${ONE_BY_ONE}`, SYN),
  hping3(`-F ${ONE_BY_ONE}`, exactly('fin')),
  hping3(`-X ${ONE_BY_ONE}`, exactly('0x40')),
  hping3(`-Y ${ONE_BY_ONE}`, exactly('0x80')),
  hping3(`--udp ${ONE_BY_ONE}`, UDP),
  hping3(`-S --rand-source ${ONE_BY_ONE}`, SYN, {
    spoofs: true,
    unfound: 'each of its sources touches one port',
  }),
];
