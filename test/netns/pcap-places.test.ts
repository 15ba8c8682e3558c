/** Packets alone: where one is seen twice, in every form, forwarded; interfaces that come and go; a user with CAP_NET_RAW only. */
import { beforeAll, describe, expect, test } from 'vitest';
import {
  ATTEMPTS,
  LIES,
  NO_ATTEMPTS,
  VICTIM as THE_VICTIM,
  VICTIM6 as THE_VICTIM6,
} from '../contract/attempt-frames.ts';
import { parseExposition, sumOf } from '../support/exposition.ts';
import { ip, tcp } from '../support/frames.ts';
import { packetwatch, Watch } from '../support/packetwatch.ts';
import { type Peer, PYTHON } from '../support/peer.ts';
import { GATEWAY_IFS, SCANNER, SCANNER_IF, VICTIM, VICTIM_IF } from '../support/rig.ts';
import { suite, useRig, useWatch } from '../support/suite.ts';
import { Mounts } from '../support/user.ts';
import { lifeOf, lived } from './connections.ts';

const PCAP = ['--source', 'pcap', '-o', 'json'];

suite('packets on a bridge and its port', [], () => {
  const rig = useRig('direct');
  let here: Peer;
  let there: Peer;
  beforeAll(async () => {
    const lines = [
      'link add br0 type bridge',
      `link set ${VICTIM_IF} master br0`,
      `addr flush dev ${VICTIM_IF}`,
      'link set br0 up',
      `addr add ${VICTIM[4]}/16 dev br0`,
      `addr add ${VICTIM[6]}/16 dev br0 nodad`,
    ];
    await rig().victim.must(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
    [here, there] = await Promise.all([rig().victim.peer(), rig().scanner.peer()]);
  });
  const watch = useWatch(rig, [...PCAP, '-i', 'br0', '-i', VICTIM_IF]);

  describe.each([4, 6] as const)('IPv%d', (family) => {
    test('each event once', async () => {
      const [own, other] = [VICTIM[family], SCANNER[family]];
      for (const [to, host, from, direction] of [
        [here, own, there, 'inbound'],
        [there, other, here, 'outbound'],
      ] as const) {
        const { port } = await to.listen({ host, mode: 'echo' });
        const { port: srcPort } = await from.connect({ host, port, send: 3, receive: 3 });
        const ends = { src_port: srcPort, dst_port: port, direction };
        const events = await lifeOf(watch(), ends, 'connection.close');
        expect(lived(events)).toBe('attempt open close');
        expect(events[2]).toMatchObject({ orig_bytes: 3, resp_bytes: 3, retransmits: 0 });
        const refused = await from.connect({ host, port: 7 });
        const closed = { src_port: refused.port, dst_port: 7, direction };
        expect(lived(await lifeOf(watch(), closed, 'connection.refused'))).toBe('attempt refused');
      }
    });
  });
});

suite('packets of every form', [], () => {
  const rig = useRig('direct');
  const MAC = '02:00:00:00:00:01'; // whom the frames are for
  const SEND = `
import socket, sys
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
out.bind(("${SCANNER_IF}", 0))
for line in sys.stdin: out.send(bytes.fromhex(line))`;
  beforeAll(async () => {
    const own = [`addr add ${THE_VICTIM}/32`, `addr add ${THE_VICTIM6}/128`];
    const lines = [
      `link set ${VICTIM_IF} address ${MAC} mtu 9000`,
      ...own.map((line) => `${line} dev ${VICTIM_IF}`),
    ];
    await rig().victim.must(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
    await rig().scanner.must(['ip', 'link', 'set', SCANNER_IF, 'mtu', '9000']);
  });
  const watch = useWatch(rig, [...PCAP, '-i', VICTIM_IF]);

  /** The frame with another source port. */
  function from(port: number, frame: Buffer): Buffer {
    const at = frame.indexOf(PORT);
    if (at < 0) return frame;
    const copy = Buffer.from(frame);
    copy.writeUInt16BE(port, at);
    return copy;
  }

  test('the filter in the kernel passes each attempt, and it is told once; nothing else is one', async () => {
    const attempts = Object.entries(ATTEMPTS);
    // of three tags the kernel takes one off before anybody sees the packet
    const others = Object.entries({ ...NO_ATTEMPTS, ...LIES })
      .filter(([name]) => name !== 'three VLAN tags')
      .map(([, frame]) => frame);
    const frames = [
      ...others.map((frame, i) => from(20_000 + i, frame)),
      ...attempts.map(([, frame], i) => from(10_000 + i, frame)),
    ];
    const input = frames.map((frame) => `${frame.toString('hex')}\n`).join('');
    await rig().scanner.must([PYTHON, '-c', SEND], { input });
    for (const [i, [name]] of attempts.entries()) {
      const event = await watch().event({ event: 'connection.attempt', src_port: 10_000 + i });
      expect([name, event.direction, event.dst_port]).toEqual([name, 'inbound', 80]);
    }
    const told = watch().events({ event: 'connection.attempt' });
    expect(told.filter(({ src_port: port }) => port! >= 20_000)).toEqual([]);
    expect(told).toHaveLength(attempts.length);
    const { capture, source_counts: counts } = await watch().status();
    expect(capture).toMatchObject({ interfaces: [VICTIM_IF], cut: 0 });
    expect(capture!.read).toBe(capture!.packets);
    expect(capture!.malformed).toBeGreaterThan(0);
    expect(counts.lost).toEqual({ packets: 0, connections: 0 });
  });
});

suite('packets of a link without a header', [], () => {
  const rig = useRig('direct');
  const ENDS = { 4: ['10.74.0.2', '10.74.0.1'], 6: ['fd74::2', 'fd74::1'] } as const;
  /** A tun device, into which it puts the packets that it is told. */
  const TUN = `
import fcntl, os, struct, sys
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"tun7", 0x1001)) # TUNSETIFF: IFF_TUN, IFF_NO_PI
print("ready", flush=True)
for line in sys.stdin: os.write(tun, bytes.fromhex(line))`;

  test('both ways, in both families', async () => {
    const tun = await rig().victim.start([PYTHON, '-u', '-c', TUN]);
    await tun.out.wait('the device', (line) => line === 'ready' || undefined);
    const lines = [
      'link set tun7 up',
      'addr add 10.74.0.1/24 dev tun7',
      'addr add fd74::1/64 dev tun7 nodad',
    ];
    await rig().victim.must(['ip', '-batch', '-'], { input: `${lines.join('\n')}\n` });
    const watch = await Watch.start(rig().victim, [...PCAP, '-i', 'tun7']);
    for (const family of [4, 6] as const) {
      const [src, dst] = ENDS[family];
      const packet = ip({ src, dst }, tcp({ srcPort: 5970 + family, dstPort: 81 }));
      tun.child.stdin!.write(`${packet.toString('hex')}\n`);
      const ends = { src_ip: src, src_port: 5970 + family, dst_port: 81, iface: 'tun7' } as const;
      const events = await lifeOf(watch, ends, 'connection.refused'); // by the RST that leaves
      expect(lived(events)).toBe('attempt refused');
      expect(events[0]!.direction).toBe('inbound');
    }
    expect(await watch.stop()).toBe(0);
  });
});

/** 5973, the source port of all of them. */
const PORT = Buffer.from([0x17, 0x55]);

suite('packets on a router', [], () => {
  const rig = useRig('routed');
  const interfaces = GATEWAY_IFS.flatMap((name) => ['-i', name]);
  const watch = useWatch(() => ({ victim: rig().gateway }), [...PCAP, ...interfaces]);

  test.each([4, 6] as const)('IPv%d: forwarded connections to their end, once', async (family) => {
    const [there, server] = await Promise.all([rig().scanner.peer(), rig().victim.peer()]);
    const { port } = await server.listen({ host: VICTIM[family], mode: 'echo' });
    const from = await there.connect({ host: VICTIM[family], port, send: 3, receive: 3 });
    const ends = { direction: 'forwarded', iface: GATEWAY_IFS[0] } as const;
    const events = await lifeOf(
      watch(),
      { ...ends, src_port: from.port, dst_port: port },
      'connection.close',
    );
    expect(lived(events)).toBe('attempt open close');
    expect(events[2]).toMatchObject({ orig_bytes: 3, resp_bytes: 3 });
    const refused = await there.connect({ host: VICTIM[family], port: 7 });
    const closed = { ...ends, src_port: refused.port, dst_port: 7 };
    expect(lived(await lifeOf(watch(), closed, 'connection.refused'))).toBe('attempt refused');
  });
});

suite('a user with CAP_NET_RAW only', ['setpriv', 'curl'], () => {
  const rig = useRig('direct');
  const HERE = '127.0.0.1:9470';

  test('reads packets, and is told why, and what is not seen', async () => {
    const mounts = await Mounts.make(rig().victim);
    const by = mounts.user(['net_raw']);
    const args = ['-o', 'json', '--listen', HERE];
    const watch = await Watch.start(rig().victim, args, { by });
    await watch.note(/^packetwatch: Only the network namespace/);
    const [instead, why, metrics, page, watching, ...limits] = watch.notes;
    expect(instead).toMatch(/^no permission to use BPF: CAP_BPF, .*; reading packets instead$/);
    expect([why, metrics, page, watching]).toEqual([
      expect.stringMatching(/^`packetwatch status` can't ask this program: user 65532 can't make/),
      expect.stringMatching(/^metrics at http/),
      expect.stringMatching(/^page at http/),
      `watching lo (packets), ${VICTIM_IF} (packets)`,
    ]);
    expect(limits.length).toBeGreaterThan(4);

    const [here, there] = await Promise.all([rig().victim.peer(), rig().scanner.peer()]);
    const { port } = await here.listen({ host: VICTIM[4], mode: 'echo' });
    const from = await there.connect({ host: VICTIM[4], port, send: 3, receive: 3 });
    const ends = { src_port: from.port, dst_port: port, iface: VICTIM_IF } as const;
    expect(lived(await lifeOf(watch, ends, 'connection.close'))).toBe('attempt open close');

    const text = await rig().victim.must(['curl', '-s', `http://${HERE}/metrics`]);
    const series = parseExposition(text, 'text');
    expect(sumOf(series, 'packetwatch_source_up', { source: 'pcap' })).toBe(1);
    expect(sumOf(series, 'packetwatch_lost_total', { stage: 'packets' })).toBe(0);
    expect(sumOf(series, 'packetwatch_capture_packets_total', { fate: 'read' })).toBeGreaterThan(3);
    expect(sumOf(series, 'packetwatch_interface_info', { hook: 'packets' })).toBe(2);
    expect(await watch.stop()).toBe(0);
  });

  test('interfaces come, are renamed and go', async () => {
    const watch = await Watch.start(rig().victim, ['--source', 'pcap', '-o', 'json']);
    const run = (place: 'victim' | 'scanner', line: string) =>
      rig()[place].must(['ip', ...line.split(' ')]);
    await run('victim', `link add new0 type veth peer name new1 netns ${rig().scanner.name}`);
    await run('scanner', 'link set new1 up');
    await run('scanner', 'addr add 10.73.0.1/24 dev new1');
    await run('victim', 'link set new0 up');
    await run('victim', 'addr add 10.73.0.2/24 dev new0');
    await watch.note(/new0 is watched from now on/);
    const [here, there] = await Promise.all([rig().victim.peer(), rig().scanner.peer()]);
    const { port } = await here.listen({ host: '10.73.0.2', mode: 'echo' });
    const connect = () => there.connect({ host: '10.73.0.2', port, send: 3, receive: 3 });
    const first = {
      src_port: (await connect()).port,
      direction: 'inbound',
      iface: 'new0',
    } as const;
    expect(lived(await lifeOf(watch, { ...first, dst_port: port }, 'connection.close'))).toBe(
      'attempt open close',
    );
    await run('victim', 'link set new0 name old0');
    await watch.note(/new0 is now called old0/);
    const second = { src_port: (await connect()).port, direction: 'inbound' } as const;
    await watch.event({ ...second, event: 'connection.close', iface: 'old0' });
    await run('victim', 'link del old0');
    await watch.note(/old0 is gone/);
    expect(await watch.status()).toMatchObject({ capture: { interfaces: ['lo', VICTIM_IF] } });
    const { stdout } = await packetwatch(rig().victim, ['status']);
    expect(stdout).toMatch(/source pcap, watching only/);
    expect(stdout).toMatch(/Interfaces: lo, vi0\nPackets: \d+ passed the filter in the kernel/);
    expect(stdout).toMatch(/Not seen: Processes and users are not known/);
    expect(await watch.stop()).toBe(0);
  });
});
