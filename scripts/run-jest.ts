import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tallyOf, type JestReport, type Tally } from './tally.ts';

export interface JestRun {
  readonly projects: readonly string[];
  /** Files of the projects that are left out, or the only ones that are run: paths from the root. */
  readonly except?: readonly string[];
  readonly only?: readonly string[];
  /** Test files at a time. */
  readonly workers: number;
  /** Milliseconds after which it is ended and counts as failed. */
  readonly limitMs: number;
}

export interface JestRunOptions {
  readonly root: string;
  /** Passed on to Jest: file patterns, `-t name`, … */
  readonly args: readonly string[];
  /** Whether its output is shown. Default: yes. */
  readonly show?: boolean;
}

const JEST = ['--disable-warning=ExperimentalWarning', '--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
const HEARTBEAT_MS = 30_000;
const KILL_AFTER_MS = 10_000;

/** Runs Jest in a process of its own, its output shown as it comes. Never rejects: what breaks is a failure. */
export async function runJest(run: JestRun, { root, args, show = true }: JestRunOptions): Promise<Tally> {
  const directory = await mkdtemp(join(tmpdir(), 'kubeskippy-jest-'));
  const output = join(directory, 'report.json');
  try {
    const ignored = ignoredPaths(run).flatMap((pattern) => ['--testPathIgnorePatterns', pattern]);
    const chosen = ['--selectProjects', ...run.projects, ...ignored, '--maxWorkers', String(run.workers)];
    const report = ['--ci', '--json', '--outputFile', output, '--passWithNoTests'];
    const ended = await execute(run, [...JEST, ...chosen, ...report, ...args], { cwd: root, show });
    const byName = args.some((arg) => /^(-t|--testNamePattern)/.test(arg));
    const results = await readReport(output);
    if (results === undefined) return { passed: 0, failures: [`${run.projects.join(', ')}: Jest ${ended}`], files: [] };
    const tally = tallyOf(results, { root, byName });
    // Jest has other reasons to be unhappy, such as a failed teardown or a worker that died.
    if (ended === 'ended well' || tally.failures.length > 0) return tally;
    return { ...tally, failures: [`${run.projects.join(', ')}: Jest ${ended}`] };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Patterns of what is ignored, because patterns of what is run would add to those in the arguments. */
function ignoredPaths({ except = [], only }: JestRun): readonly string[] {
  const oneOf = (files: readonly string[]): string =>
    `/(${files.map((file) => file.replaceAll('.', '\\.')).join('|')})$`;
  return [...(except.length === 0 ? [] : [oneOf(except)]), ...(only === undefined ? [] : [`^(?!.*${oneOf(only)})`])];
}

/** How it ended, in words. */
function execute(
  run: JestRun,
  args: readonly string[],
  { cwd, show }: { readonly cwd: string; readonly show: boolean },
): Promise<string> {
  const began = Date.now();
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', show ? 'inherit' : 'ignore'] });
  const heartbeat = setInterval(() => {
    const seconds = Math.round((Date.now() - began) / 1000);
    if (show && !process.stderr.isTTY)
      process.stderr.write(`  ${run.projects.join(', ')}: still running after ${seconds} s\n`);
  }, HEARTBEAT_MS);
  let tooLate = false;
  const limit = setTimeout(() => {
    tooLate = true;
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS).unref();
  }, run.limitMs);
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  process.on('SIGTERM', forward).on('SIGINT', forward);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve(`could not be started: ${error.message}`);
    });
    child.once('close', (code, signal) => {
      clearInterval(heartbeat);
      clearTimeout(limit);
      process.off('SIGTERM', forward).off('SIGINT', forward);
      if (tooLate) resolve(`did not end within ${run.limitMs / 60_000} min`);
      else if (code === 0) resolve('ended well');
      else resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
    });
  });
}

async function readReport(path: string): Promise<JestReport | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as JestReport;
  } catch {
    return undefined; // it ended before it could write one
  }
}
