import { EVENT_NAMES, EventCode } from '../model/events.ts';
import { TcpState } from '../model/tcp-state.ts';
import type { CapturedPacket } from '../packet/captured-packet.ts';
import { IpProto } from '../wire/ip-proto.ts';
import { Direction, Flag, From, Head, Kind, SocketPart } from '../wire/layout.gen.ts';
import type { RecordWriter } from '../wire/record-writer.ts';
import { codeOf, countOf, type Fields, textOf } from './json-fields.ts';
import { endedRecord } from './log-end.ts';
import { LogLine } from './log-line.ts';
import type { LogNames } from './log-names.ts';
import { RecentKeys } from './proc-recent.ts';

/** What became of a line: records, nothing since it tells of something else than a connection, or it is no event. */
export type Found = 'records' | 'nothing' | 'strange';

/**
 * Makes records of the lines of a log. What a line doesn't say is unknown. A connection that must have had an attempt
 * gets one where the log has none, as live ones do whose attempt was not seen: detectors judge attempts.
 */
export class JsonRecords {
  /** Of the line at hand. */
  host: string | undefined;
  readonly #writer: RecordWriter;
  readonly #time: CapturedPacket;
  readonly #names: LogNames;
  /** Connections that began, and that are over: a log may tell things twice, as after a kill -9. */
  readonly #begun: RecentKeys = new RecentKeys(REMEMBERED);
  readonly #over: RecentKeys = new RecentKeys(REMEMBERED);

  /** @param time gets that of each line */
  constructor(writer: RecordWriter, time: CapturedPacket, names: LogNames) {
    this.#writer = writer;
    this.#time = time;
    this.#names = names;
  }

  take(fields: Fields | undefined): Found {
    const name = textOf(fields?.['event']);
    if (fields === undefined || name === undefined) return 'strange';
    const event = codeOf(name, EVENT_NAMES);
    if (event === undefined || event > EventCode.close) return 'nothing';
    const line = new LogLine(fields);
    if (!line.at || !line.dst || (!line.src && fields['src_ip'] !== undefined)) return 'strange';
    this.#time.seconds = line.at.seconds;
    this.#time.nanoseconds = line.at.nanoseconds;
    this.host = textOf(fields['host'], LONGEST_HOST);
    if (line.src) this.#connection(line, event);
    else this.#summed(line);
    return this.#writer.count > 0 ? 'records' : 'nothing';
  }

  #connection(line: LogLine, event: number): void {
    const begins = !this.#begun.add(line.key);
    const isAttempt = event === EventCode.attempt;
    if (isAttempt || (begins && hadAttempt(line))) this.#attempt(line, isAttempt);
    if (isAttempt) return;
    const ends = endsOf(line);
    if (event === EventCode.open) {
      const [told, ...others] = ends;
      for (const end of others) this.#socket(Kind.EXISTING, line, end);
      this.#socket(Kind.OPEN, line, told);
    } else if (!this.#over.add(line.key)) {
      for (const end of ends) this.#socket(Kind.EXISTING, line, end);
      endedRecord(this.#writer, line, event, this.#ifindex(line));
    }
  }

  #attempt(line: LogLine, isTold: boolean): void {
    const [end] = endsOf(line);
    const tsNs = isTold ? line.atNs : line.startNs || line.atNs;
    if (isTold && end?.passive === false) this.#socket(Kind.ATTEMPT, line, end);
    else line.append(this.#writer, Kind.ATTEMPT, Head.size, tsNs, this.#ifindex(line));
  }

  /** Attempts that the kernel summed: nobody knows of whom. */
  #summed(line: LogLine): void {
    const { fields, atNs } = line;
    const at = line.append(this.#writer, Kind.SUM, Head.size, atNs, this.#ifindex(line));
    this.#writer.words[(at + Head.count) >> 2] = countOf(fields['count'], U32) ?? 1;
    this.#writer.words[(at + Head.refused) >> 2] = countOf(fields['refused'], U32) ?? 0;
  }

  /** A record with what a socket adds. @param end whose it is; undefined: nobody's that is known */
  #socket(kind: number, line: LogLine, end: LogEnd | undefined): void {
    const { fields, atNs, startNs } = line;
    const writer = this.#writer;
    const at = line.append(writer, kind, SocketPart.size, atNs, this.#ifindex(line));
    const { bytes, words } = writer;
    bytes[at + Head.flags] = end?.passive === true ? Flag.WHOLE | Flag.PASSIVE : Flag.WHOLE;
    writer.setU64(at + SocketPart.start_ns, startNs);
    words[(at + SocketPart.rtt_us) >> 2] = countOf(fields['rtt_us'], U32) ?? 0;
    bytes[at + SocketPart.state] = TcpState.SYN_SENT;
    if (!end) return;
    const { prefix } = end;
    words[(at + SocketPart.cgroup) >> 2] = this.#names.number(textOf(fields[`${prefix}container`]));
    const name = textOf(fields[`${prefix}process`]) ?? '';
    bytes.set(ENCODER.encode(name).subarray(0, COMM - 1), at + SocketPart.comm);
    words[(at + SocketPart.pid) >> 2] = countOf(fields[`${prefix}pid`], U32) ?? 0;
    words[(at + SocketPart.uid) >> 2] = countOf(fields[`${prefix}uid`], U32) ?? 0;
    const from = codeOf(fields[`${prefix}process_from`], FROM_NAMES);
    bytes[at + SocketPart.from] = from ?? (end.passive ? From.LISTEN : From.CONNECT);
  }

  #ifindex({ fields }: LogLine): number {
    return this.#names.number(textOf(fields['iface']));
  }
}

/** Had the connection a SYN? Its history says so, where it is known. */
function hadAttempt({ fields, proto }: LogLine): boolean {
  return proto === IpProto.tcp && textOf(fields['history'])?.includes('S') !== false;
}

/** An end whose process is known. */
interface LogEnd {
  /** The responder's. */
  readonly passive: boolean;
  /** Before the names of its fields. */
  readonly prefix: '' | 'resp_';
}

/** Fields without a prefix are of this host's end: of the originator, unless the connection came from elsewhere. */
function endsOf({ fields, direction }: LogLine): LogEnd[] {
  const ends: LogEnd[] = [];
  if (fields['pid'] !== undefined)
    ends.push({ passive: direction === Direction.INBOUND, prefix: '' });
  if (fields['resp_pid'] !== undefined) ends.push({ passive: true, prefix: 'resp_' });
  return ends;
}

/** Two records of each of as many connections are told apart. */
const REMEMBERED = 131_072;
const U32 = 0xffff_ffff;
/** RFC 1035 2.3.4. */
const LONGEST_HOST = 253;
const COMM = 16;
const FROM_NAMES = ['', 'connect', 'listen', 'accept', 'close'];
const ENCODER = new TextEncoder();
