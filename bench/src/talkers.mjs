/**
 * Connections that are open for a while and keep exchanging data.
 *
 * talkers.mjs serve PORT
 *   sends back what comes; prints "ready"
 * talkers.mjs talk HOST PORT SOURCE COUNT
 *   opens COUNT connections from SOURCE, prints "open"; each sends 64 bytes, and again 100 ms after they are back.
 *   On SIGTERM it closes all of them and prints {"ports": [its own], "rounds": N, "failed": N}.
 */
import { connect, createServer } from 'node:net';

const [command, ...rest] = process.argv.slice(2);
if (command === 'serve') serve(Number(rest[0]));
else talk(rest[0], Number(rest[1]), rest[2], Number(rest[3]));

function serve(port) {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  server.listen(port, () => process.stdout.write('ready\n'));
}

function talk(host, port, localAddress, count) {
  const ports = [];
  let rounds = 0;
  let failed = 0;
  let ended = 0;
  let closing = false;
  const sockets = Array.from({ length: count }, () => {
    const socket = connect({ host, port, localAddress });
    let waiting = 0;
    socket.on('connect', () => {
      ports.push(socket.localPort);
      socket.write(Buffer.alloc(64));
      if (ports.length === count) process.stdout.write('open\n');
    });
    socket.on('data', (chunk) => {
      waiting += chunk.length;
      if (waiting < 64) return;
      waiting = 0;
      rounds++;
      if (!closing) setTimeout(() => closing || socket.write(Buffer.alloc(64)), 100);
    });
    socket.on('error', () => failed++);
    socket.on('close', () => {
      if (++ended < count) return;
      process.stdout.write(`${JSON.stringify({ ports, rounds, failed })}\n`);
    });
    return socket;
  });
  process.on('SIGTERM', () => {
    closing = true;
    for (const socket of sockets) socket.end();
  });
}
