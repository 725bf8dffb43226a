/**
 * All tests, in the order in which they are quick to fail. Arguments choose kinds (`npm test -- unit replay`); all others
 * go to Jest (`npm test -- kubelet`, `npm test -- e2e -t "undoes a rollout"`). The last line is `N passed, N failed`;
 * skipped tests, files that break before their first test, and kinds of tests of which none was run count as failed.
 */
import { fileURLToPath } from 'node:url';
import { runJest } from './run-jest.ts';
import { testRuns } from './test-runs.ts';
import { countLine, type FileTime, type Tally } from './tally.ts';

const SLOWEST = 10;

const root = fileURLToPath(new URL('..', import.meta.url));
const given = process.argv.slice(2);
const kinds = testRuns.flatMap(({ projects }) => projects).filter((kind) => given.includes(kind));
const args = given.filter((arg) => !kinds.includes(arg));
const chosen = testRuns
  .map((run) => ({ ...run, projects: run.projects.filter((kind) => kinds.length === 0 || kinds.includes(kind)) }))
  .filter(({ projects }) => projects.length > 0);
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    interruption.abort();
  });

const tallies: Tally[] = [];
const rows: string[] = [];
for (const run of chosen) {
  if (interruption.signal.aborted) break;
  const name = [...run.projects, ...(run.only === undefined ? [] : ['alone'])].join(', ');
  const began = Date.now();
  say(`\n== ${name}`);
  const tally = withMissing(await runJest(run, { root, args }), run.projects);
  tallies.push(tally);
  rows.push(`${name.padEnd(22)}${countLine(tally).padEnd(26)}${((Date.now() - began) / 1000).toFixed(1)} s`);
}

const total = {
  passed: tallies.reduce((sum, { passed }) => sum + passed, 0),
  failures: tallies.flatMap(({ failures }) => failures),
};
if (interruption.signal.aborted) total.failures.push('interrupted');
else if (total.passed + total.failures.length === 0) total.failures.push(`no test matches ${args.join(' ')}`);

say('\n== all');
for (const row of rows) say(row);
say('slowest files:');
for (const { file, seconds } of slowest(tallies.flatMap(({ files }) => files)))
  say(`  ${seconds.toFixed(1).padStart(6)} s  ${file}`);
if (total.failures.length > 0) say('failed:');
for (const failure of total.failures) say(`  ${failure}`);
say(countLine(total));
process.exitCode = total.failures.length === 0 ? 0 : 1;

/** Without a choice of tests, none of a kind means that they were not found. */
function withMissing(tally: Tally, projects: readonly string[]): Tally {
  if (args.length > 0) return tally;
  const missing = projects.filter((project) => !tally.files.some(({ file }) => file.startsWith(`test/${project}/`)));
  return { ...tally, failures: [...tally.failures, ...missing.map((project) => `${project}: no test was run`)] };
}

function slowest(files: readonly FileTime[]): readonly FileTime[] {
  return files.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
}
