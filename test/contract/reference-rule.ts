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
 * What every implementation of the reference rule (design.md) must do. The cases where time passes use a window of
 * one second and steps that leave 150 ms and more on each side, so they hold with a real clock as well.
 */
export function referenceRuleSuite(
  name: string,
  makeJudge: MakeJudge,
  options: SuiteOptions,
): void {
  let scene: Scene | undefined;
  const start = (rule: Partial<Rule> = {}): Scene => {
    scene?.close();
    scene = new Scene(makeJudge({ ports: 3, windowSeconds: 60, ...rule }), options.time);
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
    describe.skipIf(options.time === 'none')('passing time', () => {
      timeCases(start);
    });
    // A clock of its own can't be set: it neither jumps nor runs backwards.
    describe.skipIf(options.time !== 'virtual')('set clock', () => {
      clockCases(start);
    });
  });
}
