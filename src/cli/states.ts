import { Command } from 'commander';
import { liveStates, type States } from '../agent/states.ts';
import { stateDiagram } from './state-diagram.ts';
import { wrapped } from './wrap.ts';

/** `packetwatch states`. */
export function statesCommand(): Command {
  return new Command('states')
    .description("TCP's states as RFC 9293 draws them, with how many connections are in each")
    .option('--json', 'the counts, as one JSON object')
    .addHelpText(
      'after',
      `
Counted are the TCP sockets of this network namespace, which needs no rights (/proc/net/tcp and tcp6).
An arrow has a number where the kernel counts it: since the network namespace was made.
\`packetwatch explain STATE\` says what a state means, and what to do about it.`,
    )
    .action((options: { json?: boolean }) => {
      const states = liveStates();
      process.stdout.write(options.json ? `${JSON.stringify(states)}\n` : describe(states));
    });
}

function describe(states: States): string {
  const { total, attempt_fails, estab_resets } = states;
  const notes = [
    `Since this network namespace was made ${attempt_fails} handshakes failed (SYN-SENT or SYN-RECEIVED to CLOSED), and ${estab_resets} connections were cut (ESTABLISHED or CLOSE-WAIT to CLOSED).`,
    '`packetwatch explain STATE` says what a state means, and what to do about it.',
  ];
  return [
    `TCP sockets of this network namespace: ${total}\n`,
    stateDiagram(states),
    notes.map((note) => wrapped(note, '')).join(''),
  ].join('\n');
}
