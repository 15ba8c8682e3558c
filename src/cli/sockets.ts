import { Command, Option } from 'commander';
import { socketsNow } from '../agent/sockets.ts';
import { parseFilter } from '../filter/filter.ts';
import { SOCKET_ORDERS, type SocketOrder } from '../model/sockets.ts';
import { terminalLine } from '../sinks/escape.ts';
import { integer } from './parse.ts';
import { describeSockets } from './sockets-text.ts';

/** Connections in a table, unless more are asked for: a screen of them. */
const LINES = 20;

interface Options {
  listen?: boolean;
  sort: SocketOrder;
  lines?: number;
  json?: boolean;
}

/** `packetwatch sockets`. */
export function socketsCommand(): Command {
  return new Command('sockets')
    .description('who listens and how full its queues are, then connections and what holds them up')
    .argument('[filter...]', 'only these addresses and ports, as in tcpdump')
    .option('-l, --listen', 'listeners only')
    .addOption(
      new Option('-s, --sort <by>', 'which connections come first, those with most')
        .choices(SOCKET_ORDERS)
        .default('queues'),
    )
    .addOption(
      new Option('-n, --lines <n>', `connections at most (${LINES}; with --json all)`).argParser(
        integer(0, 10_000_000),
      ),
    )
    .option('--json', 'everything, as one JSON object')
    .addHelpText(
      'after',
      `
TCP sockets of this network namespace, IPv4 and IPv6, as the kernel has them now (sock_diag(7)).
That needs no rights; to see which process has a socket of another user needs root.

Listeners, those in trouble first: connections that wait to be accepted and how many may, handshakes
in the SYN queue and from how many on SYNs get cookies or are dropped, what was dropped since it
listens, connections that are open, and who accepts: one process, several that share a socket, or
several sockets on one port (SO_REUSEPORT), with how evenly they share.

Connections: bytes that arrived and weren't read (recv-q), that were written and aren't acknowledged
(send-q), round-trip time, segments sent again. <- came in, -> went out. A listener is a \`dst\`.

  packetwatch sockets --listen
  packetwatch sockets port 443 --sort rtt
  packetwatch sockets --json | jq '.listeners[] | select(.drops > 0)'
  packetwatch explain accept queue`,
    )
    .action(async (words: string[], { listen = false, sort, lines, json }: Options) => {
      const sockets = await socketsNow({
        filter: words.length > 0 ? parseFilter(words.join(' ')) : undefined,
        order: sort,
        limit: listen ? 0 : (lines ?? (json ? Infinity : LINES)),
      });
      process.stdout.write(
        json
          ? `${terminalLine(JSON.stringify(sockets))}\n`
          : describeSockets(sockets, listen, process.stdout.columns || undefined),
      );
    });
}
