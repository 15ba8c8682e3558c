import { connect } from 'node:net';
import { socketPath } from '../agent/instance.ts';
import { OperatorError } from '../model/errors.ts';

const PATIENCE_MS = 5000;

/** Asks the running program of this namespace; undefined when none runs. */
export function ask(command: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(socketPath());
    socket.setEncoding('utf8');
    socket.setTimeout(PATIENCE_MS, () => {
      socket.destroy();
      reject(
        new OperatorError('the running program does not answer', 'see whether its process hangs'),
      );
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
      try {
        const told = JSON.parse(answer) as { error?: string };
        if (told.error === undefined) resolve(told);
        else
          reject(
            new OperatorError(
              `the running program doesn't answer: ${told.error}`,
              'ask again in a moment',
            ),
          );
      } catch (cause) {
        reject(
          new OperatorError('the running program answered nonsense', 'is it another version?', {
            cause,
          }),
        );
      }
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

/** It takes the connection and lets it go again: Node does that when there is no descriptor for it. */
function unanswered(): OperatorError {
  return new OperatorError(
    'the running program gave no answer',
    'it may have too many open files (LimitNOFILE= of its service): see what it told',
  );
}
