/** Row bulk: what bulk TCP over veth keeps of its throughput while a tool is there. */
import { missingPackages } from './needs.ts';
import { ready, startToFile } from './packetwatch.ts';
import { until } from './proc.ts';
import { median, number, type Options, type Section, spread, verdict } from './report.ts';
import { ATTACKER, Rig, VICTIM, VICTIM_IF, workFolder } from './rig.ts';

interface Tool {
  readonly name: string;
  readonly ours?: boolean;
  readonly needs: Readonly<Record<string, string>>;
  /** Puts it in place; it goes with the namespaces unless it hands back what ends it. */
  start(rig: Rig, folder: string): Promise<(() => Promise<void>) | void>;
}

const TOOLS: readonly Tool[] = [
  { name: 'none', needs: {}, start: () => Promise.resolve() },
  {
    name: 'packetwatch',
    ours: true,
    needs: { node: 'nodejs' },
    start: async (rig, folder) => {
      const started = await startToFile(rig, folder, ['-o', 'text'], `${folder}/log`);
      return () => started.stop();
    },
  },
  {
    name: 'nft rule',
    needs: { nft: 'nftables' },
    start: async (rig) => {
      const rule = 'tcp flags & (fin|syn|rst|ack) == syn log prefix "NEW " group 5';
      await rig.nft(
        'victim',
        `table inet pwbulk { chain c { type filter hook input priority 0; ${rule}; }\n}\n`,
      );
    },
  },
  {
    name: 'xdp-filter, native',
    needs: { 'xdp-filter': 'xdp-tools' },
    start: async (rig) => {
      await rig.must('victim', ['xdp-filter', 'load', VICTIM_IF, '-m', 'native']);
      return async () => void (await rig.run('victim', ['xdp-filter', 'unload', VICTIM_IF]));
    },
  },
];

/** Gbit/s received through one iperf3 connection. */
async function throughput(tool: Tool, seconds: number): Promise<number> {
  const folder = workFolder('bulk');
  const rig = await new Rig().up();
  let end: (() => Promise<void>) | void = undefined;
  try {
    end = await tool.start(rig, folder);
    const server = await rig.start('victim', ['iperf3', '-s', '-1'], {
      stdout: { file: `${folder}/server` },
      stderr: `${folder}/server`,
    });
    const listens = async (): Promise<boolean> =>
      (await rig.run('victim', ['ss', '-Hltn', 'sport = :5201'])).stdout !== '';
    await until(listens, 5);
    const client = ['iperf3', '-c', VICTIM[4], '-B', ATTACKER[4], '-t', String(seconds), '-J'];
    const report = JSON.parse(await rig.must('attacker', client, { timeoutS: seconds + 20 })) as {
      end: { sum_received: { bits_per_second: number } };
    };
    await server.stop();
    return report.end.sum_received.bits_per_second / 1e9;
  } finally {
    await end?.();
    await rig.down();
  }
}

export async function bulk(options: Options): Promise<Section> {
  const skipped: string[] = [];
  const notReady = await ready();
  const tools: Tool[] = [];
  for (const tool of TOOLS) {
    const missing = await missingPackages({ iperf3: 'iperf3', ...tool.needs });
    if (missing.length > 0) skipped.push(`${tool.name}: install ${missing.join(' ')}`);
    else if (tool.ours === true && notReady !== undefined)
      skipped.push(`${tool.name}: ${notReady}`);
    else tools.push(tool);
  }
  const rounds = options.runs ?? (options.quick ? 1 : 5);
  const seconds = options.quick ? 2 : 4;
  const rates = new Map<Tool, number[]>(tools.map((tool) => [tool, []]));
  for (let round = 0; round < rounds; round++) {
    // turning the order keeps a drift of the machine from favouring one tool
    const order = round % 2 === 0 ? tools : [...tools].reverse();
    for (const tool of order) {
      let rate = Number.NaN;
      try {
        rate = await throughput(tool, seconds);
      } catch (error) {
        skipped.push(
          `${tool.name}, round ${round + 1}: ${(error as Error).message.split('\n')[0]}`,
        );
      }
      rates.get(tool)!.push(rate);
      options.log(
        `bulk round ${round + 1}: ${tool.name} ${number(rates.get(tool)!.at(-1), 2)} Gbit/s`,
      );
    }
  }
  const base = rates.get(TOOLS[0]!) ?? [];
  const rows = tools.map((tool) => {
    const own = rates.get(tool)!;
    const ratio = median(own.map((rate, round) => rate / base[round]!));
    return [
      tool.name,
      number(median(own), 2),
      spread(own, 2),
      number(ratio, 3),
      tool.ours === true ? `at least 0.97: ${verdict(ratio, { atLeast: 0.97 })}` : '',
    ];
  });
  return {
    title: 'Bulk TCP over veth',
    method: [
      `One iperf3 connection for ${seconds} s; ${rounds} round${rounds === 1 ? '' : 's'} with each tool once in each, on new namespaces.`,
      'The ratio is the median over the rounds of a tool against no tool in the same round.',
    ],
    tables: [
      {
        title: 'Gbit/s received',
        columns: ['tool', 'median', 'range', 'against none', 'goal'],
        rows,
      },
    ],
    skipped,
  };
}
