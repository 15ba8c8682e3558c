import { connect } from 'node:net';
import { OperatorError } from '../model/errors.ts';
import { lastPid, socketPath } from './instance.ts';

const PATIENCE_MS = 5000;

/** There is a program, and it says nothing: it is stopped, or hangs. */
export class NoAnswer extends OperatorError {
  readonly pid: string;

  constructor(pid: string) {
    super(
      `packetwatch, process ${pid}, does not answer`,
      `\`kill -CONT ${pid}\` if it was stopped; \`kill -9 ${pid}\` ends it and leaves its guard to the next start`,
    );
    this.pid = pid;
  }
}

/**
 * Asks the running program of this namespace; undefined when none runs.
 * Throws OperatorError; NoAnswer when nothing comes for so long.
 */
export function ask(command: string, patienceMs: number = PATIENCE_MS): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(socketPath());
    socket.setEncoding('utf8');
    socket.setTimeout(patienceMs, () => {
      socket.destroy();
      reject(new NoAnswer(lastPid()));
    });
    socket.on('connect', () => socket.write(`${command}\n`));
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.on('end', () => {
      if (answer === '') {
        reject(unanswered());
        return;
      }
      const told = understood(answer);
      if ('answer' in told) resolve(told.answer);
      else
        reject(
          new OperatorError(
            `packetwatch, process ${lastPid()}, does not answer \`${command}\`: ${told.error}`,
            'ask again in a moment; another version may not know this command',
          ),
        );
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else if (error.code === 'EACCES')
        reject(
          new OperatorError('only root and the user that runs packetwatch may ask it', 'use sudo', {
            cause: error,
          }),
        );
      else if (error.code === 'EPIPE' || error.code === 'ECONNRESET') reject(unanswered());
      else reject(error);
    });
  });
}

function understood(line: string): { answer: unknown } | { error: string } {
  try {
    const answer = JSON.parse(line) as unknown;
    const refused = answer !== null && typeof answer === 'object' && 'error' in answer;
    return refused ? { error: String(answer.error) } : { answer };
  } catch {
    return { error: 'it says nonsense' };
  }
}

/** It takes the connection and lets it go again: Node does that when there is no descriptor for it. */
function unanswered(): OperatorError {
  return new OperatorError(
    'the running program gave no answer',
    'it may have too many open files (LimitNOFILE= of its service): see what it told',
  );
}
