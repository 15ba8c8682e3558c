/**
 * syns.ts OBJECT INTERFACE MAC DST BASE SOURCES PORT PORTS RATE SECONDS
 *
 * Sends SYNs as src/syns.bpf.c makes them, from the network namespace that it runs in: several times as many as raw
 * sockets can. BASE, the first source, is a number; RATE is per second, as far as the machine can.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as bpf from '../../src/kernel/bpf.ts';
import { attr, call, pointer } from '../../src/kernel/bpf-call.ts';
import { BpfObject } from '../../src/kernel/object.ts';
import { usableInterfaces } from '../../src/sources/interfaces.ts';
import { tcpFrame } from '../guard.ts';

/** BPF_F_TEST_XDP_LIVE_FRAMES: each run's frame really goes where the program says. */
const LIVE_FRAMES = 2;
/** Frames of one call at most. */
const MOST = 16_384;
/** NAPI_POLL_WEIGHT: so many are handed over at once. */
const AT_ONCE = 64;
const SYN = 2;

const [path, iface, mac, dst, ...numbers] = process.argv.slice(2);
const [base, sources, port, ports, rate, seconds] = numbers.map(Number);
const object = new BpfObject(path!);
const config = bpf.createMap(object.maps()[0]!);
const program = object.load(
  'xdp',
  () => config,
  () => {
    throw new Error('syns.bpf.c hooks no kernel function');
  },
);
const value = Buffer.alloc(128);
value.writeUInt32LE(usableInterfaces().find(({ name }) => name === iface)!.index, 8);
value.writeUInt32LE(base!, 12);
value.writeUInt32LE(sources!, 16);
value.writeUInt16LE(port!, 20);
value.writeUInt16LE(ports!, 22);
bpf.updateElement(config, Buffer.alloc(128), value);
const frame = Buffer.alloc(128);
frame.set(tcpFrame('0.0.0.0', SYN));
frame.set(Buffer.from(mac!.replaceAll(':', ''), 'hex'), 0);
frame.set(dst!.split('.').map(Number), 30);

const started = performance.now();
let sent = 0;
for (;;) {
  const passed = (performance.now() - started) / 1000;
  if (passed >= seconds!) break;
  const due = Math.min(MOST, Math.floor(passed * rate!) - sent);
  if (due < AT_ONCE) {
    await sleep(1);
    continue;
  }
  send(due);
  sent += due;
}

function send(count: number): void {
  attr.fill(0);
  attr.writeUInt32LE(program, 0);
  attr.writeUInt32LE(60, 8);
  pointer(16, frame);
  attr.writeUInt32LE(count, 32);
  attr.writeUInt32LE(LIVE_FRAMES, 64);
  attr.writeUInt32LE(AT_ONCE, 72);
  call('PROG_TEST_RUN', 80);
}
