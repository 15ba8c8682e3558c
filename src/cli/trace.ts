import { Command, InvalidArgumentError, Option } from 'commander';
import { type Hop, type NamedAnswer, outcomeOf, Trace, type Way } from '../agent/trace.ts';
import { Exit } from '../model/errors.ts';
import { terminalLine } from '../sinks/escape.ts';
import { integer, seconds } from './parse.ts';

interface Options {
  maxHops: number;
  probes: number;
  wait: number;
  names: boolean;
  ipv4?: boolean;
  ipv6?: boolean;
  json?: boolean;
}

/** `packetwatch trace`. */
export function traceCommand(): Command {
  return new Command('trace')
    .description('the way of a TCP connection, hop by hop, and where it ends')
    .argument('<host:port>', 'as in 192.0.2.7:443, [2001:db8::7]:443 or example.org:443', endOf)
    .option('-m, --max-hops <n>', 'go no farther', integer(1, 255), 30)
    .option('-q, --probes <n>', 'of each hop; each of them is a flow of its own', integer(1, 10), 3)
    .addOption(
      new Option('-w, --wait <time>', 'for an answer of each hop')
        .argParser(seconds)
        .default(0.9, '0.9s'),
    )
    .option('-n, --no-names', 'ask no resolver for the names of routers')
    .addOption(new Option('-4, --ipv4', 'only IPv4').conflicts('ipv6'))
    .addOption(new Option('-6, --ipv6', 'only IPv6'))
    .option('--json', 'one JSON object, at the end')
    .addHelpText(
      'after',
      `
It needs no rights: each probe is a connection whose SYN may go one hop farther than the one before.
What routers and firewalls make of it they make of any connection to that port, which a trace by
ICMP or UDP doesn't show. When the end accepts, that connection is closed at once.

  *              nothing came back in time: that router doesn't answer, or nothing gets there
  open           the end accepts
  refused        a RST came: the end has nothing on that port, or a firewall says so in its name
  prohibited ... whoever sent that answer lets nobody through

Where routers balance flows, each column keeps to one way, and a hop may have several addresses.
A last hop that is silent while the ones before it answer is where a firewall drops, or the host is
down. The exit code is 0 when the end answered, 1 otherwise.

  packetwatch trace example.org:443
  packetwatch trace --json [2001:db8::7]:22
  packetwatch trace [fe80::1%eth0]:22`,
    )
    .action(async ({ host, port }: { host: string; port: number }, options: Options) => {
      const trace = new Trace({
        host,
        port,
        family: options.ipv4 ? 4 : options.ipv6 ? 6 : 0,
        maxHops: options.maxHops,
        probes: options.probes,
        waitMs: options.wait * 1000,
        names: options.names,
      });
      const target = await trace.target();
      const told = (text: string) => {
        if (!options.json) process.stdout.write(`${terminalLine(text)}\n`);
      };
      const of = target === host ? target : `${host} (${target})`;
      told(`the way to ${of} port ${port}, at most ${options.maxHops} hops`);
      const hops: Hop[] = [];
      for await (const hop of trace.hops(target)) {
        hops.push(hop);
        told(describe(hop));
      }
      const way: Way = { host, dst_ip: target, dst_port: port, outcome: outcomeOf(hops), hops };
      if (options.json) process.stdout.write(`${terminalLine(JSON.stringify(way))}\n`);
      else told(conclusion(way));
      if (way.outcome !== 'open' && way.outcome !== 'refused') process.exitCode = Exit.failed;
    });
}

function endOf(text: string): { host: string; port: number } {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:]+)):(?<port>\d{1,5})$/.exec(text);
  const { v6, name, port } = match?.groups ?? {};
  const host = v6 ?? name;
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw new InvalidArgumentError(
      'a host and a port are wanted, as in example.org:443 or [2001:db8::7]:443.',
    );
  return { host, port: Number(port) };
}

/** `3  10.0.0.1 (router.example)  0.31 ms  0.28 ms  *`: an address is told where it is another than before it. */
function describe({ ttl, answers }: Hop): string {
  let before: string | undefined;
  const cells = answers.map((answer) => {
    const text = cell(answer, before);
    if ('from' in answer) before = answer.from;
    return text;
  });
  return `${`${ttl}`.padStart(3)}  ${cells.join('  ')}`;
}

function cell(answer: NamedAnswer, before: string | undefined): string {
  if (answer.kind === 'silent') return '*';
  if (answer.kind === 'unsent') return answer.why;
  const { from, name, rtt_us } = answer;
  const who = from === before ? '' : name === undefined ? `${from}  ` : `${from} (${name})  `;
  const time = `${(rtt_us / 1000).toFixed(2)} ms`;
  if (answer.kind === 'expired') return `${who}${time}`;
  return `${who}${answer.kind === 'unreachable' ? answer.why : answer.kind}  ${time}`;
}

function conclusion({ outcome, hops, dst_ip, dst_port }: Way): string {
  const last = hops.findLast(({ answers }) => answers.some(({ kind }) => kind !== 'silent'));
  const away = hops.length === 1 ? '1 hop away' : `${hops.length} hops away`;
  const told: Record<Way['outcome'], string> = {
    open: `accepts, ${away}`,
    refused: `refuses, ${away}: nothing listens there, or a firewall says so in its name`,
    unreachable: `can't be reached: hop ${hops.length} says why`,
    unsent: `has no way from here: \`ip route get ${dst_ip}\` shows what the kernel thinks`,
    beyond: `is farther away than ${hops.length} hops: \`--max-hops\` allows more`,
    silent: last
      ? `doesn't answer: nothing comes back from behind hop ${last.ttl}`
      : `doesn't answer, and no hop does: what leaves this host, or comes back to it, is dropped`,
  };
  return `${dst_ip} port ${dst_port} ${told[outcome]}`;
}
