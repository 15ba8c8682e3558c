import { afterEach, describe } from 'vitest';
import {
  clockCases,
  pairCases,
  portCases,
  propertyCase,
  timeCases,
} from './reference-rule-cases.ts';
import { type Judge, type Rule, Scene, type SuiteOptions } from './reference-rule-scene.ts';

export type { Judge, Rule } from './reference-rule-scene.ts';

type MakeJudge = (rule: Rule) => Judge;

/**
 * What every implementation of the reference rule (design.md) must do; the clock is the suite's.
 */
export function referenceRuleSuite(
  name: string,
  makeJudge: MakeJudge,
  options: SuiteOptions = {},
): void {
  let scene: Scene | undefined;
  const start = (rule: Partial<Rule> = {}): Scene => {
    scene?.close();
    scene = new Scene(makeJudge({ ports: 3, windowSeconds: 60, ...rule }));
    return scene;
  };
  afterEach(() => {
    scene?.close();
    scene = undefined;
  });

  describe(`reference rule: ${name}`, () => {
    describe('ports', () => {
      portCases(start);
    });
    describe('pairs', () => {
      pairCases(start);
    });
    describe('many pairs', () => {
      propertyCase(start, options.runs ?? 50);
    });
    describe('passing time', () => {
      timeCases(start);
    });
    describe('set clock', () => {
      clockCases(start);
    });
  });
}
