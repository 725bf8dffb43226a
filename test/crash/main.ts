/**
 * Crashes on real servers: each cell is one healing and one disturbance at one of its steps; the API server's audit log
 * and an independent watch say whether it had exactly one effect. Exit code 1 if any did not. See docs/crash-tests.md.
 */
import { parseArgs } from 'node:util';
import { findingLines, isClean, tableOf, totalsOf } from './report.ts';
import { runCells } from './run.ts';

const { values } = parseArgs({
  options: {
    cells: { type: 'string', default: 'sample' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    lanes: { type: 'string', default: '2' },
    abreast: { type: 'string', default: '8' },
    size: { type: 'string', default: '64' },
    json: { type: 'boolean', default: false },
  },
});

const number = (name: string, text: string, least: number): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new Error(`--${name} must be a whole number of at least ${least}`);
  return value;
};
const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interruption.abort();
  });

const seed = number('seed', values.seed, 0);
say(`seed ${seed}`);
const began = Date.now();
const results = await runCells({
  cells: values.cells,
  seed,
  lanes: number('lanes', values.lanes, 1),
  abreast: number('abreast', values.abreast, 1),
  size: number('size', values.size, 1),
  say,
  signal: interruption.signal,
});
const totals = totalsOf(results, seed);
for (const line of findingLines(results)) say(line);
say(`${totals.trials} trials in ${Math.round((Date.now() - began) / 1000)} s`);
process.stdout.write(values.json ? `${JSON.stringify(totals)}\n` : `${tableOf(results)}\n`);
process.exit(isClean(totals) && !interruption.signal.aborted ? 0 : 1);
