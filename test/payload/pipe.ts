import { Duplex } from 'node:stream';

/** Two ends of one connection, and what was written to each. */
export interface Pipe {
  readonly near: Duplex;
  readonly far: Duplex;
  readonly sent: readonly [near: Buffer[], far: Buffer[]];
}

export function pipe(): Pipe {
  const sent: [Buffer[], Buffer[]] = [[], []];
  const near = end(sent[0], () => far);
  const far: Duplex = end(sent[1], () => near);
  return { near, far, sent };
}

function end(sent: Buffer[], other: () => Duplex): Duplex {
  return new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      sent.push(chunk);
      other().push(chunk);
      done();
    },
  });
}
