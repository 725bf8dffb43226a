import type { JestRun } from './run-jest.ts';

const MINUTE_MS = 60_000;

/** No other test runs beside what loads the machine by itself, says how soon something has to happen, or hits a brief moment. */
const ALONE = [
  'crash-sample',
  'deletion-while-taken-back',
  'demo-chaos',
  'demo-interruption',
  'demo-once',
  'two-hundred-actions',
].map((name) => `test/e2e/${name}.test.ts`);

/** All tests, in the order in which they are quick to fail. Those on real servers wait more than they compute. */
export const testRuns: readonly JestRun[] = [
  { projects: ['unit'], workers: 4, limitMs: 5 * MINUTE_MS },
  { projects: ['architecture', 'replay'], workers: 1, limitMs: 10 * MINUTE_MS },
  { projects: ['integration'], workers: 3, limitMs: 40 * MINUTE_MS }, // may build the servers first
  { projects: ['e2e'], except: ALONE, workers: 3, limitMs: 25 * MINUTE_MS },
  { projects: ['e2e'], only: ALONE, workers: 1, limitMs: 25 * MINUTE_MS },
];
