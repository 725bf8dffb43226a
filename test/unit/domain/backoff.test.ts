import { expect, test } from '@jest/globals';
import { Backoff } from '../../../src/domain/backoff.ts';

const delays = (count: number, backoff: Backoff): number[] => Array.from({ length: count }, () => backoff.next());

test('the bound doubles up to the cap, and the delay lies anywhere below it', () => {
  const options = { baseMs: 500, capMs: 10_000 };
  expect(delays(7, new Backoff({ ...options, random: () => 0.999_999 })).map(Math.round)).toEqual([
    500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000,
  ]);
  expect(delays(3, new Backoff({ ...options, random: () => 0.5 }))).toEqual([250, 500, 1_000]);
});

test('never waits for nothing: full jitter may choose 0 again and again', () => {
  expect(delays(3, new Backoff({ baseMs: 500, capMs: 10_000, random: () => 0 }))).toEqual([50, 50, 50]);
});

test('stays at the cap however often it fails', () => {
  const backoff = new Backoff({ baseMs: 500, capMs: 10_000, random: () => 0.999_999 });
  expect(Math.max(...delays(5_000, backoff))).toBeLessThanOrEqual(10_000);
});

test('begins anew after a success', () => {
  const backoff = new Backoff({ baseMs: 500, capMs: 10_000, random: () => 0.999_999 });
  delays(10, backoff);
  backoff.reset();
  expect(Math.round(backoff.next())).toBe(500);
});
