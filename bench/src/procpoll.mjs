// procpoll: the poller that everybody writes first. Reads /proc/net/tcp every N seconds and prints
// each connection that was not there the time before. usage: node procpoll.mjs SECONDS
import { readFileSync } from 'node:fs';

let before = new Set();

function address(hex) {
  const word = Number.parseInt(hex.slice(0, 8), 16);
  const ip = [word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24].join('.');
  return `${ip}:${Number.parseInt(hex.slice(9), 16)}`;
}

function poll() {
  const now = new Set();
  for (const line of readFileSync('/proc/self/net/tcp', 'utf8').split('\n').slice(1)) {
    const [, local, remote, state] = line.trim().split(/\s+/);
    if (state !== undefined && state !== '0A') now.add(`${remote} ${local}`);
  }
  let text = '';
  for (const row of now) {
    if (before.has(row)) continue;
    const [remote, local] = row.split(' ');
    text += `${address(remote)} -> ${address(local)}\n`;
  }
  process.stdout.write(text);
  before = now;
}

poll();
setInterval(poll, Number(process.argv[2]) * 1000);
