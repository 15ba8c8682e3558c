/** What packets mean, by their times: records as flow takes them, without a kernel. */
import { beforeEach, describe, expect, it } from 'vitest';
import { Flow, FLOW_DEFAULTS } from '../../src/flow/flow.ts';
import { Row } from '../../src/flow/row.ts';
import { CONN_STATES, EVENT_NAMES } from '../../src/model/events.ts';
import { OwnAddresses } from '../../src/sources/own-addresses.ts';
import { PcapRecords } from '../../src/sources/pcap-records.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { ethernet, ip, Tcp, tcp, type TcpSpec, unreachable } from '../support/frames.ts';

const OTHER = { 4: '192.0.2.56', 6: '2001:db8:bad::1' } as const;
const OWN = { 4: '10.0.0.5', 6: '2001:db8:5::5' } as const;
const ELSEWHERE = { 4: '203.0.113.9', 6: '2001:db8:9::9' } as const;
const SYN_ACK = Tcp.SYN | Tcp.ACK;
const FIN_ACK = Tcp.FIN | Tcp.ACK;
const RST_ACK = Tcp.RST | Tcp.ACK;
const S = 1e9;
const ISN = { from: 1000, to: 0xffff_fff0 };

/** A host that captures, and the flow behind it. */
class Host {
  /** Each event, with its conn_state and what each end has sent where that is known. */
  readonly told: string[] = [];
  readonly writer = new RecordWriter();
  readonly records: PcapRecords;
  readonly flow: Flow;
  #nowNs = 100 * S;

  constructor(maxConnections = 1024) {
    const own = new OwnAddresses();
    own.set([OWN[4], OWN[6]].map((address) => parseAddress(address)!));
    const { writer } = this;
    this.records = new PcapRecords({ writer, own, netns: 7n, seed: 5, maxConnections });
    this.flow = new Flow({
      ...FLOW_DEFAULTS,
      seed: 1,
      watchesSockets: false,
      listener: {
        connection: (event, table, row) => {
          const base = row * Row.stride;
          const state = CONN_STATES[table.bytes[base + Row.conn_state]!]!;
          const bytes = [Row.orig_bytes, Row.resp_bytes].map(
            (at) => table.numbers[(base + at) >> 3],
          );
          const port = table.halves[(base + Row.src_port) >> 1];
          const more = state === '' ? '' : ` ${state} ${bytes.join('/')}`;
          this.told.push(`${port} ${EVENT_NAMES[event].slice('connection.'.length)}${more}`);
        },
        summed: () => {},
        scan: () => {},
        block: () => {},
        unblock: () => {},
      },
      answered: (low, high) => this.records.notes.of(low, high),
    });
  }

  /** Lets time pass: handshakes are confirmed, waits end. */
  wait(seconds: number): this {
    for (const end = this.#nowNs + seconds * S; this.#nowNs < end; ) {
      this.#nowNs = Math.min(end, this.#nowNs + 0.1 * S);
      this.records.life.confirm(this.#nowNs);
      this.#drain();
      this.flow.tick(this.#nowNs);
    }
    return this;
  }

  frame(frame: Buffer, ifindex = 2): this {
    const { length } = frame;
    const at = { frame: 0, network: 14, captured: length, length, ifindex };
    const packet = { ...at, seconds: 0, nanoseconds: 0, hardware: 1, protocol: 0x0800 };
    this.records.take(frame, packet, this.#nowNs);
    this.#drain();
    return this;
  }

  #drain(): void {
    this.flow.take(this.writer);
    this.writer.clear();
  }
}

describe.each([4, 6] as const)('IPv%d', (family) => {
  let host: Host;
  beforeEach(() => {
    host = new Host();
  });

  /** A connection whose segments are sent by name. */
  function connection(from: string, to: string, srcPort = 40_000) {
    const send = (forth: boolean, spec: TcpSpec): Host => {
      const ends = forth ? { src: from, dst: to } : { src: to, dst: from };
      const ports = forth ? { srcPort, dstPort: 80 } : { srcPort: 80, dstPort: srcPort };
      return host.frame(ethernet(ip(ends, tcp({ ...ports, ...spec }))));
    };
    return {
      syn: (isn = ISN.from) => send(true, { seq: isn }),
      synAck: (isn = ISN.from) => send(false, { flags: SYN_ACK, seq: ISN.to, ack: isn + 1 }),
      fin: (sent: number) => send(true, { flags: FIN_ACK, seq: ISN.from + 1 + sent }),
      finBack: (sent: number) => send(false, { flags: FIN_ACK, seq: (ISN.to + 1 + sent) >>> 0 }),
      reset: (flags: number, sent: number, ack = 0) =>
        send(true, { flags, seq: ISN.from + 1 + sent, ack }),
      resetBack: (flags: number, sent: number, ack = 0) =>
        send(false, { flags, seq: (ISN.to + 1 + sent) >>> 0, ack }),
      refuse: (isn = ISN.from) => send(false, { flags: RST_ACK, seq: 0, ack: isn + 1 }),
      unreachable: () =>
        host.frame(
          ethernet(
            ip(
              { src: to, dst: from },
              unreachable(ip({ src: from, dst: to }, tcp({ srcPort, dstPort: 80, seq: ISN.from }))),
            ),
          ),
        ),
    };
  }
  const inbound = (port?: number) => connection(OTHER[family], OWN[family], port);
  const outbound = (port?: number) => connection(OWN[family], OTHER[family], port);
  const WAYS = [
    ['in', inbound],
    ['out', outbound],
    ['within', () => connection(OWN[family], OWN[family])],
    ['through', () => connection(OTHER[family], ELSEWHERE[family])],
  ] as const;

  describe.each(WAYS)('%s', (_, make) => {
    it('closed by both: what each has sent, modulo 4 GiB', () => {
      const one = make();
      one.syn();
      one.synAck();
      host.wait(2);
      expect(host.told).toEqual(['40000 attempt', '40000 open']);
      one.finBack(100);
      one.fin(7);
      expect(host.told.slice(2)).toEqual(['40000 close SF 7/100']);
      one.fin(7);
      one.finBack(100);
      expect(host.told).toHaveLength(3);
    });

    it('short: told as open at its first FIN, with the time of the SYN+ACK', () => {
      const one = make();
      one.syn();
      one.synAck();
      one.fin(0);
      expect(host.told).toEqual(['40000 attempt', '40000 open']);
    });

    it('reset by the originator, and by the responder', () => {
      let one = make();
      one.syn();
      one.synAck();
      one.reset(RST_ACK, 10, ISN.to + 1 + 3);
      one = make();
      one.syn(ISN.from + 5);
      one.synAck(ISN.from + 5);
      one.resetBack(Tcp.RST, 4);
      expect(host.told).toEqual([
        '40000 attempt',
        '40000 open',
        '40000 reset RSTO 10/3',
        '40000 attempt',
        '40000 open',
        '40000 reset RSTR 0/0', // unknown: not told in JSON
      ]);
    });

    it('half-open, and reset as by a host that has no such socket', () => {
      const one = make();
      one.syn();
      one.synAck();
      one.reset(Tcp.RST, 0);
      host.wait(4);
      expect(host.told).toEqual(['40000 attempt', '40000 reset RSTO 0/0']);
    });

    it('refused by RST, and by ICMP', () => {
      const one = make();
      one.syn();
      one.refuse();
      expect(host.told).toEqual(['40000 attempt', '40000 refused REJ 0/0']);
      host = new Host();
      one.syn();
      one.unreachable();
      expect(host.told).toEqual(['40000 attempt', '40000 refused REJ 0/0']);
    });

    it('unanswered, told after 3 s, and answered late', () => {
      const one = make();
      one.syn();
      host.wait(2.9);
      expect(host.told).toHaveLength(1);
      host.wait(0.2);
      expect(host.told).toEqual(['40000 attempt', '40000 timeout S0 0/0']);
      one.syn();
      one.synAck();
      host.wait(2);
      expect(host.told.slice(2)).toEqual(['40000 open']);
      expect(host.flow.counts()).toMatchObject({ revived: 1, inferred: 0 });
    });
  });

  it('a handshake whose SYN+ACK is repeated is not told as open', () => {
    const one = inbound();
    one.syn();
    one.synAck();
    for (const seconds of [1, 2, 4, 8, 16]) {
      host.wait(seconds);
      one.synAck();
    }
    expect(host.told).toEqual(['40000 attempt']);
    host.wait(40);
    expect(host.told).toEqual(['40000 attempt', '40000 timeout S1 0/0']);
  });

  it('a lost acknowledgement only delays the opening', () => {
    const one = inbound();
    one.syn();
    one.synAck();
    host.wait(1);
    one.synAck();
    host.wait(2);
    expect(host.told).toHaveLength(1);
    host.wait(0.5);
    expect(host.told).toEqual(['40000 attempt', '40000 open']);
  });

  it('the same packets on a second interface change nothing', () => {
    const one = inbound();
    const twice = (send: () => Host): void => {
      send();
      send();
    };
    twice(() => one.syn());
    twice(() => one.synAck());
    host.wait(2);
    twice(() => one.fin(1));
    twice(() => one.finBack(2));
    expect(host.told).toEqual(['40000 attempt', '40000 open', '40000 close SF 1/2']);
  });

  it('ports used again end what was open', () => {
    const one = inbound();
    one.syn();
    one.synAck();
    host.wait(2);
    one.syn(99);
    one.synAck(99);
    host.wait(2);
    expect(host.told.slice(2)).toEqual(['40000 attempt', '40000 timeout S1 0/0', '40000 open']);
  });

  it('backscatter and forged answers make no connection', () => {
    const one = outbound();
    one.synAck();
    one.refuse();
    one.unreachable();
    one.fin(3);
    one.resetBack(Tcp.RST, 3);
    host.wait(5);
    expect(host.told).toEqual([]);
    expect(host.records.life.connections.size).toBe(0);
    expect(host.flow.counts().inferred).toBe(0);
  });

  it('an answer to another SYN of the same ports is none', () => {
    const one = outbound();
    one.syn();
    one.synAck(ISN.from + 1);
    one.refuse(ISN.from + 1);
    host.wait(4);
    expect(host.told).toEqual(['40000 attempt', '40000 timeout S0 0/0']);
  });

  it('of many attempts each finds its answer, and of too many the oldest goes', () => {
    host = new Host(2048);
    const own = Array.from({ length: 3000 }, (_, i) => outbound(2000 + i));
    for (const one of own) one.syn();
    for (const one of own) one.synAck();
    host.wait(1);
    const opened = host.told.filter((line) => line.endsWith(' open'));
    expect(opened).toEqual(Array.from({ length: 2048 }, (_, i) => `${2000 + 952 + i} open`));
    expect(host.records.life.connections).toMatchObject({ size: 2048, evicted: 952 });
  });

  it('when there are too many, handshakes go before open connections, and are counted', () => {
    host = new Host(64);
    const open = Array.from({ length: 40 }, (_, i) => inbound(2000 + i));
    for (const one of open) {
      one.syn();
      one.synAck();
    }
    host.wait(2);
    for (let i = 0; i < 100; i++) {
      const one = inbound(3000 + i);
      one.syn();
      one.synAck();
    }
    expect(host.records.life.connections).toMatchObject({ size: 64, evicted: 76 });
    for (const one of open) {
      one.fin(1);
      one.finBack(1);
    }
    expect(host.told.filter((line) => line.includes('close'))).toHaveLength(40);
  });
});
