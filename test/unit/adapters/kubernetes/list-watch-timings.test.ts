import { expect, test } from '@jest/globals';
import { defaultTimings } from '../../../../src/adapters/kubernetes/list-watch-timings.ts';

const { backoffCapMs, silenceMs, initialSilenceMs, headersTimeoutMs, watchSeconds, probeEveryMs, resyncEveryMs } =
  defaultTimings;
const CONNECT_MS = 5_000;

test('a half-open link is noticed and left within 120 s', () => {
  expect(Math.max(silenceMs, initialSilenceMs) + backoffCapMs + CONNECT_MS).toBeLessThanOrEqual(120_000);
  expect(silenceMs).toBeGreaterThan(60_000); // bookmarks come once a minute: a quiet stream is not a dead one
});

test('the loop is back within 30 s after the server answers again, whatever it was waiting for', () => {
  expect(backoffCapMs).toBeLessThanOrEqual(10_000);
  expect(headersTimeoutMs + CONNECT_MS).toBeLessThan(30_000);
});

test('the server ends a watch, and is checked, long before a full sync is due', () => {
  expect(watchSeconds[1] * 1_000).toBeLessThan(resyncEveryMs[0]);
  expect(probeEveryMs).toBeLessThan(resyncEveryMs[0]);
  expect(resyncEveryMs[1]).toBeLessThanOrEqual(3_600_000);
});
