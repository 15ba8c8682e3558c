import { u16 } from '../wire/network-order.ts';

const AF_INET = 2;
const AF_INET6 = 10;

/** Attributes of an answer (linux/inet_diag.h). */
const Attribute = { INFO: 2, CONG: 4, SKMEMINFO: 7, SKV6ONLY: 11 } as const;
/** The upper two bits of an attribute's type are flags. */
const TYPE_MASK = 0x3fff;

/** Byte offsets in struct inet_diag_msg, whose numbers are the host's but for ports and addresses. */
const Message = {
  family: 0,
  state: 1,
  sport: 4,
  dport: 6,
  src: 8,
  dst: 24,
  ifindex: 40,
  cookie_lo: 44,
  cookie_hi: 48,
  rqueue: 56,
  wqueue: 60,
  uid: 64,
  inode: 68,
  size: 72,
} as const;

/** Byte offsets in struct tcp_info (linux/tcp.h). Older kernels end it earlier: what they lack reads as 0. */
export const TcpInfo = {
  backoff: 4,
  rto: 8,
  snd_mss: 16,
  unacked: 24,
  lost: 32,
  last_data_sent: 44,
  last_data_recv: 52,
  rtt: 68,
  rttvar: 72,
  snd_ssthresh: 76,
  snd_cwnd: 80,
  total_retrans: 100,
  pacing_rate: 104,
  bytes_acked: 120,
  bytes_received: 128,
  segs_out: 136,
  segs_in: 140,
  notsent_bytes: 144,
  min_rtt: 148,
  delivery_rate: 160,
  busy_time: 168,
  rwnd_limited: 176,
  sndbuf_limited: 184,
  bytes_sent: 200,
  bytes_retrans: 208,
  rcv_ooopack: 224,
  snd_wnd: 228,
} as const;

/** Byte offsets in what INET_DIAG_SKMEMINFO has (linux/sock_diag.h). */
export const MemInfo = {
  rmem_alloc: 0,
  rcvbuf: 4,
  sndbuf: 12,
  wmem_queued: 20,
  drops: 32,
} as const;

/** One socket of an answer of sock_diag(7), as it lies in memory; one object for all of them. */
export class SocketRow {
  /** Code of TcpState. */
  state = 0;
  /** 16 bytes, IPv4 as ::ffff:a.b.c.d. */
  readonly local: Uint8Array = new Uint8Array(16);
  readonly remote: Uint8Array = new Uint8Array(16);
  localPort = 0;
  remotePort = 0;
  /** Interface that it is bound to; 0: none. */
  ifindex = 0;
  /** The kernel's number of this socket: it counts them, and so is exact for 2^53. */
  cookie = 0;
  /** Of a listener the connections that wait to be accepted, else bytes that wait to be read. */
  receiveQueue = 0;
  /** Of a listener how many connections may wait, else bytes that aren't acknowledged. */
  sendQueue = 0;
  uid = 0;
  /** 0: no process has a descriptor of it. */
  inode = 0;
  v6Only = false;
  /** Where it lies: from byte `from` to before byte `to`. */
  bytes: Uint8Array = new Uint8Array(0);
  from = 0;
  to = 0;
  #view: DataView = new DataView(this.bytes.buffer);
  #info = 0;
  #infoEnd = 0;
  #memory = 0;
  #memoryEnd = 0;
  #congestion = 0;
  #congestionEnd = 0;

  /** Is it a socket, not a handshake or the rest of a connection, which the kernel keeps in less memory? */
  get isFull(): boolean {
    return this.#infoEnd > 0;
  }

  /**
   * Takes a message's body.
   * @returns false when it is malformed; the row is worth nothing then
   */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    if (to - from < Message.size || to > bytes.length) return false;
    const family = bytes[from + Message.family];
    if (family !== AF_INET && family !== AF_INET6) return false;
    const view = this.#view;
    this.from = from;
    this.to = to;
    this.state = bytes[from + Message.state]!;
    copyAddress(bytes, from + Message.src, family === AF_INET, this.local);
    copyAddress(bytes, from + Message.dst, family === AF_INET, this.remote);
    this.localPort = u16(bytes, from + Message.sport);
    this.remotePort = u16(bytes, from + Message.dport);
    this.ifindex = view.getUint32(from + Message.ifindex, true);
    this.cookie =
      view.getUint32(from + Message.cookie_lo, true) +
      view.getUint32(from + Message.cookie_hi, true) * 2 ** 32;
    this.receiveQueue = view.getUint32(from + Message.rqueue, true);
    this.sendQueue = view.getUint32(from + Message.wqueue, true);
    this.uid = view.getUint32(from + Message.uid, true);
    this.inode = view.getUint32(from + Message.inode, true);
    return this.#readAttributes(bytes, from + Message.size, to);
  }

  /** A 32-bit number of struct tcp_info; 0 where there is none. @param offset of TcpInfo */
  tcp32(offset: number): number {
    const at = this.#info + offset;
    return at + 4 <= this.#infoEnd ? this.#view.getUint32(at, true) : 0;
  }

  /** A byte of it. */
  tcp8(offset: number): number {
    const at = this.#info + offset;
    return at < this.#infoEnd ? this.#view.getUint8(at) : 0;
  }

  /** A 64-bit number of it; exact up to 2^53. */
  tcp64(offset: number): number {
    return this.tcp32(offset) + this.tcp32(offset + 4) * 2 ** 32;
  }

  /** A number of the socket's memory. @param offset of MemInfo */
  memory(offset: number): number {
    const at = this.#memory + offset;
    return at + 4 <= this.#memoryEnd ? this.#view.getUint32(at, true) : 0;
  }

  /** Name of its congestion control: as the kernel's modules have it, in ASCII. */
  congestion(): string {
    let name = '';
    for (let at = this.#congestion; at < this.#congestionEnd; at++) {
      const byte = this.#view.getUint8(at);
      if (byte === 0) break;
      name += String.fromCharCode(byte);
    }
    return name;
  }

  #readAttributes(bytes: Uint8Array, from: number, to: number): boolean {
    this.#infoEnd = this.#memoryEnd = this.#congestionEnd = 0;
    this.v6Only = false;
    for (let at = from; at < to; ) {
      const length = at + 4 <= to ? this.#view.getUint16(at, true) : 0;
      if (length < 4 || at + length > to) return false;
      const type = this.#view.getUint16(at + 2, true) & TYPE_MASK;
      const [value, end] = [at + 4, at + length];
      if (type === Attribute.INFO) [this.#info, this.#infoEnd] = [value, end];
      else if (type === Attribute.SKMEMINFO) [this.#memory, this.#memoryEnd] = [value, end];
      else if (type === Attribute.CONG) [this.#congestion, this.#congestionEnd] = [value, end];
      else if (type === Attribute.SKV6ONLY) this.v6Only = end > value && bytes[value] !== 0;
      at += (length + 3) & ~3;
    }
    return true;
  }
}

function copyAddress(bytes: Uint8Array, at: number, isV4: boolean, into: Uint8Array): void {
  if (isV4) into.fill(0, 0, 10);
  if (isV4) into[10] = into[11] = 0xff;
  for (let i = isV4 ? 12 : 0, from = at; i < 16; i++) into[i] = bytes[from++]!;
}
