import { ReferenceRule } from '../../src/detect/reference.ts';
import { parseAddress } from '../../src/wire/address.ts';
import { Direction, Head, Kind } from '../../src/wire/layout.gen.ts';
import { RecordWriter } from '../../src/wire/record-writer.ts';
import { type Judge, type Rule, referenceRuleSuite } from './reference-rule.ts';
import { plain } from './records.ts';

function makeJudge({ ports, windowSeconds }: Rule): Judge {
  const rule = new ReferenceRule({
    ports,
    windowNs: windowSeconds * 1e9,
    seed: 0x5eed,
    sources: 1024,
  });
  const batch = new RecordWriter();
  const verdicts = new RecordWriter();
  return {
    syn(nowNs, src, dst, dstPort) {
      batch.clear();
      verdicts.clear();
      const at = batch.append(Kind.ATTEMPT, Head.size);
      batch.setU64(at + Head.ts_ns, nowNs);
      batch.bytes.set(parseAddress(src)!, at + Head.src);
      batch.bytes.set(parseAddress(dst)!, at + Head.dst);
      batch.halves[(at + Head.src_port) >> 1] = 40000;
      batch.halves[(at + Head.dst_port) >> 1] = dstPort;
      batch.bytes[at + Head.family] = src.includes(':') ? 6 : 4;
      batch.bytes[at + Head.direction] = Direction.INBOUND;
      if (rule.judge(batch, verdicts) === 0) return undefined;
      const scan = plain(verdicts)[0]!;
      const { ports: found, portCount, syns } = scan.verdict!;
      return {
        src: address(scan.src),
        dst: address(scan.dst),
        ports: found.slice(0, portCount),
        syns,
      };
    },
  };
}

/** Of `1.2.3.4:80` or `[::1]:80`. */
function address(end: string): string {
  return end.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
}

referenceRuleSuite('src/detect', makeJudge, { runs: 500 });
