/** Writes docs/benchmarks.md: machine facts, then every row; no path and no host name. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { run } from './proc.ts';
import { type Section, sectionMarkdown } from './report.ts';

const PAGE = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../package.json', import.meta.url));

/** A row's result with the time it was taken. */
export interface Kept {
  readonly at: string;
  readonly quick: boolean;
  /** CPU in use by other work when the row began. */
  readonly otherPct: number;
  readonly section: Section;
}

/** Debian packages whose versions matter to the figures. */
const PACKAGES = [
  'xdp-tools',
  'nftables',
  'nmap',
  'masscan',
  'hping3',
  'iperf3',
  'tcpdump',
  'tshark',
  'ulogd2',
  'conntrack',
  'bpftrace',
  'portsentry',
  'psad',
  'fail2ban',
  'rsyslog',
];

/** What the figures were taken with, as a list. */
export async function machine(): Promise<string> {
  const installed: string[] = [];
  for (const name of PACKAGES) {
    const { code, stdout } = await run([
      'dpkg-query',
      '-W',
      '-f',
      '${db:Status-Status} ${Version}',
      name,
    ]);
    const [status, version] = stdout.split(' ');
    if (code === 0 && status === 'installed') installed.push(`${name} ${version}`);
  }
  const own = (JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version;
  // the release may carry the builder's suffix; the numbers are what matters
  const kernel = /^\d+\.\d+(\.\d+)?/.exec(release())?.[0] ?? release();
  return [
    `- Packetwatch ${own}, Node ${process.versions.node}, Linux ${kernel} ${process.arch}`,
    `- ${cpus().length} cores (${cpus()[0]?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 1e9)} GB of memory`,
    `- peers: ${installed.join(', ')}`,
  ].join('\n');
}

export async function writePage(rows: readonly Kept[]): Promise<void> {
  const parts = [
    '# Benchmarks',
    'Written by `make bench`; do not edit.\nAbsolute figures vary from run to run on a shared machine; ours and the peers in one table were taken in the same run, so ratios are what to trust.\nA goal is what the project set out to reach; where it is not met, the table says so.',
    await machine(),
  ];
  for (const { at, quick, otherPct, section } of rows) {
    const when = `Taken ${at.slice(0, 10)} ${at.slice(11, 16)} UTC${quick ? ' in a quick run: few and short repetitions' : ''}; other work took ${Math.round(otherPct)} % of the machine's CPU when it began.`;
    parts.push(sectionMarkdown({ ...section, method: [...section.method, when] }, '##').trimEnd());
  }
  writeFileSync(PAGE, `${parts.join('\n\n')}\n`);
}
