import { relative } from 'node:path';

/** What a run of tests or checks came to. Everything that is not a passed test is a failure with a name. */
export interface Tally {
  readonly passed: number;
  readonly failures: readonly string[];
  readonly files: readonly FileTime[];
}

export interface FileTime {
  readonly file: string;
  readonly seconds: number;
}

/** The part of `jest --json` that counts. */
export interface JestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly startTime: number;
    readonly endTime: number;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export interface TallyOptions {
  readonly root: string;
  /** Tests were chosen by name (`-t`), so that others are rightly left out. */
  readonly byName: boolean;
}

/**
 * Counts a report: failed and skipped tests by name, and each file that ran no test, because it broke before its first
 * one or has none.
 */
export function tallyOf(report: JestReport, { root, byName }: TallyOptions): Tally {
  let passed = 0;
  const failures: string[] = [];
  const files: FileTime[] = [];
  for (const { name, message, startTime, endTime, assertionResults } of report.testResults) {
    const file = relative(root, name);
    files.push({ file, seconds: (endTime - startTime) / 1000 });
    const failedBefore = failures.length;
    for (const { fullName, status } of assertionResults) {
      if (status === 'passed') passed++;
      else if (status === 'failed') failures.push(`${file} › ${fullName}`);
      else if (!byName) failures.push(`${file} › ${fullName} (${status}: every test has to run)`);
    }
    const broken = assertionResults.length === 0 || (message !== '' && failures.length === failedBefore);
    if (broken) failures.push(`${file} (${firstLine(message) ?? 'it has no test'})`);
  }
  return { passed, failures, files };
}

/** The line that everything ends with, and that others look for. */
export const countLine = ({ passed, failures }: Pick<Tally, 'passed' | 'failures'>): string =>
  `${passed} passed, ${failures.length} failed`;

function firstLine(message: string): string | undefined {
  // Jest's first line is a bullet and a headline that says nothing.
  const lines = message
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('●'));
  return lines[0]?.slice(0, 200);
}
