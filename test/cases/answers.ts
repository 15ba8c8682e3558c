import { ReferenceRule } from '../../src/detect/reference.ts';
import { Direction, Head, Kind } from '../../src/wire/layout.gen.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { type Attempt, attemptOf } from './attempt.ts';
import type { Case } from './case.ts';
import { NftRule } from './nft-rule.ts';

/** What a rule that blocks says of a case. */
export interface Answer {
  readonly blocks: boolean;
  /** The packet that blocked first: how many had arrived, it included, and when; 0 when none did. */
  readonly packets: number;
  readonly atMs: number;
}

export interface Answers {
  /** Frames that arrived. */
  readonly packets: number;
  readonly reference: Answer;
  readonly nft: Answer;
}

/** Runs a case through the two simple rules. All packets of a case come to addresses of this host. */
export function answersOf(one: Case): Answers {
  const judges = { reference: referenceJudge(), nft: nftJudge() };
  const none: Answer = { blocks: false, packets: 0, atMs: 0 };
  const answers = { reference: none, nft: none };
  let packets = 0;
  for (const step of one.steps()) {
    if (step.kind !== 'in') continue;
    packets++;
    const attempt = attemptOf(step.frame);
    if (!attempt) continue;
    for (const rule of ['reference', 'nft'] as const)
      if (!answers[rule].blocks && judges[rule](step.atMs, attempt))
        answers[rule] = { blocks: true, packets, atMs: step.atMs };
  }
  return { packets, ...answers };
}

/** True for the packet that blocks a source. */
type Judge = (atMs: number, attempt: Attempt) => boolean;

function nftJudge(): Judge {
  const rule = new NftRule();
  return (atMs, attempt) => rule.judge(atMs, attempt) === 'blocks';
}

/** The reference rule takes records; one per attempt, as the kernel makes them. */
function referenceJudge(): Judge {
  const rule = new ReferenceRule({ seed: 0x5eed });
  const batch = new RecordWriter();
  const verdicts = new RecordWriter();
  return (atMs, attempt) => {
    if (!attempt.whole) return false; // malformed to the guard
    batch.clear();
    verdicts.clear();
    const at = batch.append(Kind.ATTEMPT, Head.size);
    batch.setU64(at + Head.ts_ns, START_NS + Math.round(atMs * 1e6));
    writeAddress(batch.bytes, at + Head.src, attempt.src);
    writeAddress(batch.bytes, at + Head.dst, attempt.dst);
    batch.halves[(at + Head.src_port) >> 1] = attempt.srcPort;
    batch.halves[(at + Head.dst_port) >> 1] = attempt.dstPort;
    batch.words[(at + Head.isn) >> 2] = attempt.seq;
    batch.bytes[at + Head.family] = attempt.family;
    batch.bytes[at + Head.direction] = Direction.INBOUND;
    return rule.judge(batch, verdicts) > 0;
  };
}

const START_NS = 1e9;

/** IPv4 as ::ffff:a.b.c.d. */
function writeAddress(bytes: Uint8Array, at: number, address: Uint8Array): void {
  if (address.length === 4) bytes.fill(0xff, at + 10, at + 12);
  bytes.set(address, at + 16 - address.length);
}
