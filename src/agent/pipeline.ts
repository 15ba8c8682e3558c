import { randomBytes } from 'node:crypto';
import { Flow, FLOW_DEFAULTS, type FlowOptions } from '../flow/flow.ts';
import type { FlowListener } from '../flow/listener.ts';
import type { RecordBatch } from '../wire/batch.ts';
import { Detectors, type DetectorsOptions } from './detectors.ts';

export interface PipelineOptions
  extends Pick<FlowOptions, 'scanWindowNs' | 'watchesAnswers' | 'answered'>,
    Partial<Pick<FlowOptions, 'watchesSockets' | 'otherNamespaces' | 'followsPackets'>>,
    Pick<DetectorsOptions, 'reference' | 'slow'> {
  /** Told what happened. */
  readonly listener: FlowListener;
}

/** What becomes of records wherever they come from, the kernel or a file: flow, detectors, and who is told. */
export class Pipeline {
  readonly flow: Flow;
  readonly detectors: Detectors;

  constructor({ listener, reference, slow, ...flow }: PipelineOptions) {
    const seed = () => randomBytes(4).readUInt32LE(0);
    this.detectors = new Detectors({ seed: seed(), listener, reference, slow });
    this.flow = new Flow({ ...FLOW_DEFAULTS, ...flow, seed: seed(), listener: this.detectors });
  }

  take(batch: RecordBatch): void {
    this.flow.take(batch);
    this.detectors.judge(batch);
    this.#takeVerdicts();
  }

  /** @param nowNs by the clock of the records */
  tick(nowNs: number): void {
    this.flow.tick(nowNs);
    this.#takeVerdicts();
  }

  #takeVerdicts(): void {
    const { verdicts } = this.detectors;
    if (verdicts.count === 0) return;
    this.flow.take(verdicts);
    verdicts.clear();
  }
}
