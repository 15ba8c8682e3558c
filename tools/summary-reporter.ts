import { writeSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends a test run with the names of what failed, the reason of every skip and one line that a program can read:
 * `N passed, N failed` or `N passed, N failed, N skipped`.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandled.length;
    let skipped = 0;
    const named: string[] = [];
    for (const module of modules) {
      // A file or a suite whose hook or import failed has no failed test of its own.
      failed += module.errors().length;
      for (const suite of module.children.allSuites()) failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed++;
        else if (result.state === 'failed') {
          failed++;
          named.push(`failed: ${module.relativeModuleId} > ${test.fullName}`);
        } else {
          skipped++;
          named.push(`skipped: ${test.fullName}${note(result)}`);
        }
      }
    }
    const counts = `${passed} passed, ${failed} failed`;
    const last = skipped === 0 ? counts : `${counts}, ${skipped} skipped`;
    // At exit, so that no other reporter writes after it.
    process.once('exit', () => writeSync(1, `${[...named, last].join('\n')}\n`));
  }
}

function note(result: { state: string; note?: string | undefined }): string {
  return result.note === undefined ? '' : `: ${result.note}`;
}
