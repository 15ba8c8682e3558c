import { Command } from 'commander';
import { ask, NoAnswer } from '../agent/ask.ts';
import type { Status } from '../agent/status.ts';
import { monotonicNs } from '../kernel/monotonic.ts';
import { nftBlocks } from '../guard/nft.ts';
import { TABLE } from '../guard/nft-script.ts';
import { PinnedGuard } from '../kernel/pinned-guard.ts';
import { Pins } from '../kernel/pins.ts';
import { pinnedState } from '../kernel/pinned-state.ts';
import { describePins } from './pinned.ts';
import { OperatorError } from '../model/errors.ts';
import { table } from './table.ts';

/** What is told: by the running program, or of what one left. */
type Told = Partial<Status> & {
  /** Blocks in the firewall, when no program runs. */
  readonly left_in_firewall?: number;
  /** A process that runs and doesn't answer. */
  readonly silent_pid?: string;
};

/** `packetwatch status`. */
export function statusCommand(): Command {
  return new Command('status')
    .description('what is watched and where, what was seen, what was lost')
    .option('--json', 'everything, as one JSON object')
    .action(async (options: { json?: boolean }) => {
      const status = await told();
      process.stdout.write(options.json ? `${JSON.stringify(status)}\n` : describe(status));
    });
}

async function told(): Promise<Told> {
  try {
    return ((await ask('status')) as Status | undefined) ?? pinned();
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { ...pinned(), silent_pid: error.pid };
  }
}

/** What a guard without its program tells. */
function pinned(): Told {
  const firewall = nftBlocks();
  const pins = new Pins();
  const there = pins.links().length > 0 || pins.hasMaps();
  if (!there && firewall !== undefined) return { left_in_firewall: firewall.length };
  if (!there)
    throw new OperatorError(
      'nothing of packetwatch runs in this network namespace',
      'start `packetwatch watch`',
    );
  return {
    pins: pins.directory,
    pinned: pinnedState(pins),
    ...tablesOf(pins),
    ...(firewall ? { left_in_firewall: firewall.length } : {}),
  };
}

/** What is in tables that this version can read. */
function tablesOf(pins: Pins): Told {
  try {
    const guard = new PinnedGuard('read', pins);
    const occupied = guard.table.occupancy(monotonicNs());
    return { kernel: guard.counters(), table: occupied, blocks: occupied.blocks };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { limits: [`the tables: ${error.message}`] };
  }
}

function describe(status: Told): string {
  const parts: string[] = [];
  if (status.pid === undefined)
    parts.push(
      status.pins === undefined
        ? 'No program runs.\n'
        : status.silent_pid === undefined
          ? 'No program runs; the guard it left is in force.\n'
          : `Process ${status.silent_pid} runs and does not answer: it is stopped, or hangs. Its guard is in force.\n`,
    );
  else
    parts.push(
      `Running: process ${status.pid} for ${status.uptime_s} s, source ${status.source}, ` +
        `${status.blocking ? 'blocking scanners' : 'watching only'}${status.adopted ? ', adopted tables of an earlier run' : ''}\n`,
    );
  if (status.capabilities)
    parts.push(
      status.uid === 0
        ? 'Rights: those of root; `watch --user NAME` gives up what it needs not\n'
        : `Rights: user ${status.uid}, ${status.capabilities.join(', ') || 'no capabilities'}\n`,
    );
  if (status.attachments)
    parts.push(
      table(
        ['interface', 'hook', 'replies seen', 'why'],
        status.attachments.map((a) => [a.iface, a.hook, a.egress ? 'yes' : 'no', a.why]),
      ),
    );
  const { changes, reread, untold } = status.interfaces ?? { changes: 0, reread: 0, untold: 0 };
  if (changes + reread > 0)
    parts.push(
      `Interfaces: ${changes} changes heard of, ${untold} events not told one by one, the whole list read again ${reread} times\n`,
    );
  if (status.pinned && status.pid === undefined) parts.push(describePins(status.pinned));
  if (status.rings)
    parts.push(
      table(
        ['ring', 'bytes', 'waiting', 'most', 'records'],
        status.rings.map((r) => [r.name, r.size, r.pending, r.high_water, r.records].map(String)),
      ),
    );
  if (status.capture) {
    const { interfaces, ring, packets, malformed, cut, connections } = status.capture;
    parts.push(
      `Interfaces: ${interfaces.join(', ')}\n` +
        `Packets: ${packets} passed the filter in the kernel, ${malformed} malformed, ${cut} not captured far enough\n` +
        `Ring: ${ring.pending} of ${ring.size} bytes wait, ${ring.highWater} at most\n` +
        `Open connections and handshakes: ${connections}\n`,
    );
  }
  if (status.table)
    parts.push(
      `Table: ${status.table.used} of ${status.table.capacity} places, ${status.blocks} blocks\n`,
    );
  if (status.left_in_firewall !== undefined)
    parts.push(`Firewall: ${status.left_in_firewall} blocks in table ${TABLE}\n`);
  if (status.firewall) {
    const { blocks, added, removed, refused, failed } = status.firewall;
    parts.push(
      `Firewall: ${blocks} blocks in table ${TABLE}; ${added} added, ${removed} ended early, ${refused} refused by --block-max, ${failed} failed\n`,
    );
  }
  if (status.kernel)
    parts.push(
      table(
        ['kernel counter', 'value'],
        Object.entries(status.kernel).map(([name, value]) => [name, String(value)]),
      ),
    );
  const skipped = Object.entries(status.skips ?? {}).filter(([, count]) => count > 0);
  if (skipped.length > 0)
    parts.push(
      `Socket programs skipped by the kernel: ${skipped.map(([name, n]) => `${name} ${n}`).join(', ')}; \`packetwatch explain packetwatch_program_skips_total\`\n`,
    );
  if (status.flow) {
    const events = Object.entries(status.flow.events).map(([name, value]) => [name, String(value)]);
    parts.push(
      table(['event', 'count'], events),
      `Open connections: ${status.flow.live}\n` +
        `Scans going on: ${status.flow.scans}; verdicts suppressed: ${status.flow.suppressed}\n`,
    );
  }
  if (status.output)
    parts.push(
      `Output to ${status.log ?? 'standard output'}: ${status.output.lines} lines, ${status.output.bytes} bytes, ${status.output.lost} lines lost\n`,
    );
  if (status.store) {
    const { directory, state, why, kept, waiting, lost, rows, bytes } = status.store;
    parts.push(
      `Store in ${directory}: ${state}${why === undefined ? '' : ` (${why})`}; ${kept} events kept since the start, ${waiting} waiting, ${lost} lost; ${rows} in all, ${bytes} bytes\n`,
    );
  }
  for (const { to, sent, waiting, lost } of status.alerts ?? [])
    parts.push(`Alerts to ${to}: ${sent} sent, ${waiting} waiting, ${lost} lost\n`);
  if (status.plugins && status.plugins.length > 0)
    parts.push(
      table(
        ['plugin', 'version', 'state', 'records', 'lost', 'events', 'suppressed', 'errors'],
        status.plugins.map((p) => [
          p.name,
          p.version,
          p.on ? 'on' : 'switched off',
          ...[p.records, p.lost, p.events, p.suppressed, p.errors].map(String),
        ]),
      ),
    );
  if (status.filter !== undefined)
    parts.push(`Filter: ${status.filter} (${status.output?.filtered} events held back)\n`);
  if (status.source_counts) {
    const lost = [
      ...Object.entries(status.source_counts.lost),
      ['opens', status.flow?.unopened ?? 0] as const,
      ['output', status.output?.lost ?? 0] as const,
      ['store', status.store?.lost ?? 0] as const,
      ...(status.alerts ?? []).map((alerts) => [alerts.to, alerts.lost] as const),
      ...(status.plugins ?? []).map((p) => [`plugin ${p.name}`, p.lost + p.suppressed] as const),
    ].filter(([, count]) => count > 0);
    parts.push(
      lost.length === 0
        ? 'Nothing lost.\n'
        : `Lost: ${lost.map(([w, n]) => `${n} at ${w}`).join(', ')}\n`,
    );
  }
  if (status.pinned && status.pid !== undefined) parts.push(describePins(status.pinned));
  for (const limit of status.limits ?? []) parts.push(`Not seen: ${limit}\n`);
  return parts.join('\n');
}
