/** One scan by a real tool against the real program, in namespaces of their own. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonScan } from '../../src/model/json.ts';
import { ageS } from '../leak.ts';
import { startBlocking, Tail } from '../packetwatch.ts';
import { type Started, text, until } from '../proc.ts';
import { ATTACKER, ATTACKER_IF, Rig, VICTIM, VICTIM_IF, workFolder } from '../rig.ts';
import type { ToolScan } from './tool-scans.ts';

export interface ToolResult {
  /** The first verdict on the scanner. */
  readonly found: JsonScan | undefined;
  /** Other sources that were found. */
  readonly others: number;
  readonly sent: number;
  /** Probes that got to the victim's last input hook. */
  readonly reached: number;
  /** From the first probe to the verdict. */
  readonly seconds: number;
  /** What the tool said for itself when it sent nothing. */
  readonly refusal: string | undefined;
}

/** Web server's ports; all others are closed, as in the cases by packets. */
const OPEN_PORTS = '22,80,443';
/** A scan that has not been found by then is given up; one that is not to be found sooner. */
const CAP_S = 300;
const UNFOUND_CAP_S = 20;
/** How long a scan goes on after its verdict, so that what gets through a block shows. */
const AFTER_MS = 1000;

let made = 0;

/** @param rule of `watch --rule` */
export async function runTool(scan: ToolScan, rule: string): Promise<ToolResult> {
  const id = `${process.pid}d${++made}`;
  const folder = workFolder(`detection-${id}`);
  const rig = await new Rig(id).up();
  try {
    await rig.routeBack();
    const server = await rig.serve(folder, 'client', OPEN_PORTS);
    const output = `${folder}/packetwatch.json`;
    const args = ['--rule', rule, '--block', '-o', 'json'];
    const watch = await startBlocking(rig, folder, args, output);
    try {
      const tail = new Tail(output);
      tail.more(); // the probe's
      return await scanned(rig, scan, folder, tail);
    } finally {
      await watch.stop();
      await server.stop();
    }
  } finally {
    await rig.down();
  }
}

async function scanned(rig: Rig, scan: ToolScan, folder: string, tail: Tail): Promise<ToolResult> {
  await rig.nft('victim', victimRules(scan));
  await rig.nft('attacker', attackerRules(scan));
  const said = `${folder}/tool.out`;
  const argv = scan.argv(await victimMac(rig));
  const tool = await rig.start('attacker', argv, { stdout: { file: said }, stderr: said });
  const verdicts: JsonScan[] = [];
  const look = (): boolean => {
    for (const line of tail.more())
      if (line.includes('"event":"scan"')) verdicts.push(JSON.parse(line) as JsonScan);
    return verdicts.some((one) => isScanner(one, scan)) || hasEnded(tool);
  };
  await until(look, scan.unfound === undefined ? CAP_S : UNFOUND_CAP_S);
  await sleep(AFTER_MS);
  look();
  const [victim, attacker, now] = [
    await rig.must('victim', ['nft', 'list', 'table', 'inet', 'pwcount']),
    await rig.must('attacker', ['nft', 'list', 'table', 'netdev', 'pwcount']),
    Date.now(),
  ];
  await tool.stop();
  const found = verdicts.find((one) => isScanner(one, scan));
  const sent = packetsOf(attacker);
  return {
    found,
    others: new Set(verdicts.map((one) => one.src_ip).filter((source) => source !== found?.src_ip))
      .size,
    sent,
    reached: packetsOf(victim),
    seconds: found ? Math.max(0, (Date.parse(found.ts) - now) / 1000 + ageS(attacker)) : Number.NaN,
    refusal: sent === 0 ? refusalIn(text(said)) : undefined,
  };
}

function isScanner(one: JsonScan, { family }: ToolScan): boolean {
  return one.src_ip === ATTACKER[family];
}

function hasEnded({ child }: Started): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** At the very last input hook, behind everything that may drop; IPv4 fragments are whole again there. */
function victimRules({ family, probe, spoofs }: ToolScan): string {
  const source = spoofs === true ? '' : `${ip(family)} saddr ${ATTACKER[family]}`;
  return `table inet pwcount {
  counter reached { }
  chain c { type filter hook input priority 2147483000; policy accept;
    iifname ${VICTIM_IF} ${ip(family)} daddr ${VICTIM[family]} ${source} ${probe} counter name reached
  }
}
`;
}

/** What leaves the attacker, raw sockets included; add, unlike update, keeps the first time. */
function attackerRules({ family }: ToolScan): string {
  return `table netdev pwcount {
  counter reached { }
  set first { type inet_proto; flags dynamic,timeout; timeout 1h; size 16; }
  chain c { type filter hook egress device ${ATTACKER_IF} priority 0; policy accept;
    ${ip(family)} daddr ${VICTIM[family]} meta l4proto { tcp, udp } counter name reached add @first { meta l4proto }
  }
}
`;
}

const ip = (family: 4 | 6): string => (family === 4 ? 'ip' : 'ip6');

function packetsOf(listing: string): number {
  return Number(/counter reached \{\s*packets (\d+)/.exec(listing)?.[1]);
}

async function victimMac(rig: Rig): Promise<string> {
  const links = await rig.must('victim', ['ip', '-j', 'link', 'show', 'dev', VICTIM_IF]);
  return (JSON.parse(links) as { address: string }[])[0]!.address;
}

/** The line in which a tool says why it doesn't do it. */
function refusalIn(said: string): string | undefined {
  return said
    .split('\n')
    .find((line) => /not supported|only works|incompatible|unknown/.test(line));
}
