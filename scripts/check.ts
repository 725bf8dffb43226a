/** Everything that can be known without running the program. All steps run, whatever fails; the last line counts them. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { countLine } from './tally.ts';

interface Step {
  readonly name: string;
  /** What to do when it fails. */
  readonly remedy: string;
  /** A script for Node, from the root of the project, and its arguments. */
  readonly run: readonly string[];
}

const SOURCES = ['src', 'workflows', 'activities', 'workers', 'scripts', 'test'];
const AT_A_TIME = 2;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

// The longest first, so that no core is idle at the end.
const steps: readonly Step[] = [
  {
    name: 'lint',
    remedy: 'npm run format mends what can be mended mechanically',
    run: ['node_modules/eslint/bin/eslint.js', '--max-warnings', '0', '.'],
  },
  { name: 'types', remedy: 'npm run typecheck', run: ['node_modules/typescript/bin/tsc'] },
  {
    name: 'format',
    remedy: 'npm run format',
    run: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'],
  },
  {
    name: 'import rules',
    remedy: 'the rules and their reasons are in .dependency-cruiser.js',
    run: ['node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', '--output-type', 'err-long', ...SOURCES],
  },
  {
    name: 'generated files',
    remedy: 'npm run gen, and commit what it writes',
    run: ['scripts/generate-types.ts', '--check'],
  },
  {
    name: 'unused code',
    remedy: 'remove it, or its `export`',
    run: ['node_modules/knip/bin/knip.js', '--no-config-hints'],
  },
];

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const failures: string[] = [];
const queue = [...steps];
const began = Date.now();
await Promise.all(Array.from({ length: AT_A_TIME }, drain));
for (const name of failures) say(`failed: ${name}`);
say(`after ${((Date.now() - began) / 1000).toFixed(1)} s`);
say(countLine({ passed: steps.length - failures.length, failures }));
process.exitCode = failures.length === 0 ? 0 : 1;

async function drain(): Promise<void> {
  for (let step = queue.shift(); step !== undefined; step = queue.shift()) await runStep(step);
}

async function runStep({ name, remedy, run }: Step): Promise<void> {
  const stepBegan = Date.now();
  const [script = '', ...args] = run;
  const { code, output } = await execute([join(root, script), ...args]);
  const seconds = `${((Date.now() - stepBegan) / 1000).toFixed(1)} s`;
  if (code === 0) {
    say(`ok      ${name.padEnd(18)}${seconds}`);
    return;
  }
  failures.push(name);
  say(`FAILED  ${name.padEnd(18)}${seconds}  (${remedy})`);
  for (const line of output.trimEnd().split('\n')) say(`        ${line}`);
}

function execute(args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, maxBuffer: MAX_OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, output: '' });
      else resolve({ code: 1, output: `${stdout}${stderr}`.trim() || error.message });
    });
  });
}
