/** Row leak: how many SYNs of a port scan reach the victim's stack before the tool's block holds. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Blocker, BLOCKERS, type Blocking } from './blockers.ts';
import { missingPackages } from './needs.ts';
import { ourBlocker, ready } from './packetwatch.ts';
import { cpuSeconds, peakRssMb, until } from './proc.ts';
import {
  median,
  number,
  type Options,
  type Section,
  spread,
  type Table,
  verdict,
} from './report.ts';
import { ATTACKER, ATTACKER_IF, type Family, helper, Rig, VICTIM, workFolder } from './rig.ts';

type Scan = 'nmap -sS' | 'nmap -sT' | '100k SYN/s';
const SCANS: readonly Scan[] = ['nmap -sS', 'nmap -sT', '100k SYN/s'];

/** Some open ports below 1000, as a server has. */
const OPEN_PORTS = '22,25,53,80,110,143,443,587,993,995';

interface Leak {
  readonly sent: number;
  readonly leaked: number;
  readonly ports: number;
  /** From the first SYN sent to the last that got through, or to the first sight of the block when all did. */
  readonly blockS: number;
  readonly blocked: boolean;
  readonly cpuS: number;
  readonly rssMb: number;
}

/** Counts at the very last input hook, behind everything that may drop. */
const VICTIM_RULES = `table inet pwcount {
  counter reached { }
  set ports { type inet_service; flags dynamic; size 65536; }
  set last { type inet_proto; flags dynamic,timeout; timeout 1h; size 16; }
  chain c { type filter hook input priority 2147483000; policy accept;
    ip saddr ${ATTACKER[4]} tcp flags & (fin|syn|rst|ack) == syn counter name reached update @ports { tcp dport } update @last { meta l4proto }
    ip6 saddr ${ATTACKER[6]} tcp flags & (fin|syn|rst|ack) == syn counter name reached update @ports { tcp dport } update @last { meta l4proto }
  }
}
`;

/** Counts what leaves the attacker, raw sockets included; add, unlike update, keeps the first time. */
const ATTACKER_RULES = `table netdev pwcount {
  counter sent { }
  set first { type inet_proto; flags dynamic,timeout; timeout 1h; size 16; }
  chain c { type filter hook egress device ${ATTACKER_IF} priority 0; policy accept;
    ip saddr ${ATTACKER[4]} tcp flags & (fin|syn|rst|ack) == syn counter name sent add @first { meta l4proto }
    ip6 saddr ${ATTACKER[6]} tcp flags & (fin|syn|rst|ack) == syn counter name sent add @first { meta l4proto }
  }
}
`;

/** The age in seconds of the one element of a listed set with a timeout of one hour. */
export function ageS(listing: string): number {
  const expires = /expires ((?:\d+(?:ms|[smh]))+)/.exec(listing)?.[1];
  if (expires === undefined) return Number.NaN;
  const unit: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600 };
  let left = 0;
  for (const [, amount, name] of expires.matchAll(/(\d+)(ms|[smh])/g))
    left += Number(amount) * unit[name!]!;
  return 3600 - left;
}

async function scan(rig: Rig, kind: Scan, family: Family, quick: boolean): Promise<void> {
  if (kind === '100k SYN/s') {
    const count = quick ? 200_000 : 500_000;
    await rig.must('attacker', [
      await helper('synflood'),
      ATTACKER[family],
      VICTIM[family],
      '1',
      '1000',
      String(count),
      '100000',
    ]);
    return;
  }
  const argv = [
    'nmap',
    kind.slice(5),
    '-Pn',
    '-n',
    '-p1-1000',
    '-T4',
    '--max-retries',
    '0',
    '--min-rate',
    '500',
  ];
  // nmap takes the first address of the interface unless told
  const source = ['-S', ATTACKER[family], '-e', ATTACKER_IF];
  const family6 = family === 6 ? ['-6'] : [];
  await rig.run(
    'attacker',
    [...argv, ...(kind === 'nmap -sS' ? source : []), ...family6, VICTIM[family]],
    { timeoutS: 60 },
  );
}

/** One scan against one tool on a rig of its own. */
async function measure(tool: Blocker, kind: Scan, family: Family, options: Options): Promise<Leak> {
  const folder = workFolder('leak');
  const rig = await new Rig().up();
  let blocking: Blocking | undefined;
  let polling = true;
  try {
    const server = await rig.serve(folder, 'client', OPEN_PORTS);
    blocking = await tool.start(rig, folder);
    await rig.nft('victim', VICTIM_RULES);
    await rig.nft('attacker', ATTACKER_RULES);
    const at = blocking;
    let seenAt = Number.NaN;
    const watch = (async (): Promise<void> => {
      while (polling && !(await at.blocked(family))) await sleep(50);
      if (polling) seenAt = Date.now();
    })();
    const cpu = cpuSeconds(at.pids);
    await scan(rig, kind, family, options.quick);
    await until(() => Number.isFinite(seenAt), options.quick ? 3 : 6);
    polling = false;
    await watch;
    const now = Date.now();
    const last = await rig.must('victim', ['nft', 'list', 'table', 'inet', 'pwcount']);
    const first = await rig.must('attacker', ['nft', 'list', 'table', 'netdev', 'pwcount']);
    const leaked = Number(/counter reached \{\s*packets (\d+)/.exec(last)?.[1]);
    const sent = Number(/counter sent \{\s*packets (\d+)/.exec(first)?.[1]);
    const ports = /set ports \{[^}]*elements = \{([^}]*)\}/.exec(last)?.[1]?.split(',').length ?? 0;
    const lastLeakS = ageS(first) - ageS(last.slice(last.indexOf('set last')));
    const seenS = ageS(first) - (now - seenAt) / 1000;
    const result: Leak = {
      sent,
      leaked,
      ports,
      blocked: Number.isFinite(seenAt),
      blockS: !Number.isFinite(seenAt)
        ? Number.NaN
        : leaked < sent
          ? Math.max(0, lastLeakS)
          : Math.max(0, seenS),
      cpuS: cpuSeconds(at.pids) - cpu,
      rssMb: peakRssMb(at.pids),
    };
    await server.stop();
    return result;
  } finally {
    polling = false;
    await blocking?.stop();
    await rig.down();
  }
}

export async function leak(options: Options): Promise<Section> {
  const skipped: string[] = [];
  const tools: Blocker[] = [];
  for (const tool of BLOCKERS) {
    const missing = await missingPackages(tool.needs);
    if (missing.length === 0) tools.push(tool);
    else skipped.push(`${tool.name}: install ${missing.join(' ')}`);
  }
  const notReady = await ready();
  if (notReady === undefined) tools.unshift(ourBlocker);
  else skipped.push(`packetwatch: ${notReady}`);
  const runs = options.runs ?? (options.quick ? 1 : 2);
  const tables: Table[] = [];
  for (const family of [4, 6] as const) {
    const rows: string[][] = [];
    for (const kind of SCANS) {
      if (options.quick && kind === 'nmap -sT') continue;
      for (const tool of tools) {
        const results: Leak[] = [];
        try {
          for (let i = 0; i < runs; i++) results.push(await measure(tool, kind, family, options));
        } catch (error) {
          skipped.push(
            `${tool.name}, ${kind}, IPv${family}: ${(error as Error).message.split('\n')[0]}`,
          );
          continue;
        }
        const leaked = results.map((result) => result.leaked);
        const ours = tool === ourBlocker;
        const worst = Math.max(...leaked.map((value) => Math.abs(value - 3))) + 3;
        rows.push([
          kind,
          tool.name,
          number(median(results.map((result) => result.sent))),
          spread(leaked),
          spread(results.map((result) => result.ports)),
          results.every((result) => result.blocked)
            ? number(median(results.map((result) => result.blockS)), 3)
            : 'never',
          tool.needs['nft'] === undefined
            ? number(median(results.map((result) => result.cpuS)), 2)
            : '-',
          tool.needs['nft'] === undefined
            ? number(median(results.map((result) => result.rssMb)))
            : '-',
          ours ? `3: ${verdict(worst, { exactly: 3 })}` : '',
        ]);
        options.log(`leak IPv${family} ${rows.at(-1)!.join(' | ')}`);
      }
    }
    tables.push({
      title: `IPv${family}`,
      columns: [
        'scan',
        'tool',
        'SYNs sent',
        'SYNs that reached the stack',
        'ports',
        'seconds to block',
        'CPU s',
        'RSS MB',
        'goal',
      ],
      rows,
    });
  }
  return {
    title: 'Scan leak: SYNs that reach the stack',
    method: [
      `1,000 ports of the victim, ${runs} run${runs === 1 ? '' : 's'} each on new namespaces; a range is the smallest and the largest run.`,
      'nmap runs with -T4 --max-retries 0 --min-rate 500, so that a scan which gets no answers any more still sends every probe.',
      'SYNs are counted at the very last input hook of the victim, and as they leave the attacker.',
      'Seconds to block: from the first SYN sent to the last one that got through; where all got through, to the moment at which the block first showed.',
      'The nftables rule is written for both families; its window tumbles, and it reports nothing.',
    ],
    tables,
    skipped,
  };
}
