import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Another one is another sample: `npm run test:crash -- --cells sample --seed N`. */
const SEED = 4;
const SIZE = 64;

let totals: Readonly<Record<string, number>>;
let code: number;
beforeAll(async () => {
  const args = ['--disable-warning=ExperimentalWarning', 'test/crash/main.ts', '--cells', 'sample', '--json'];
  const child = spawn(process.execPath, [...args, '--seed', String(SEED), '--size', String(SIZE)], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'], // its progress is shown, and which cell found what
  });
  const [output, [exit]] = await Promise.all([text(child.stdout), once(child, 'close') as Promise<[number]>]);
  totals = JSON.parse(output) as typeof totals;
  code = exit;
}, 900_000);

test('a sample of crashes, pauses, lost answers and busy targets was played', () => {
  expect(totals['trials']).toBeGreaterThanOrEqual(SIZE);
  expect(totals['seed']).toBe(SEED);
});

test.each(['duplicates', 'lost', 'wrongTarget', 'misreported', 'unfired'])('none of them is among the %s', (fault) => {
  expect(totals).toMatchObject({ [fault]: 0 });
});

test('and the exit code says so', () => {
  expect(code).toBe(0);
});
