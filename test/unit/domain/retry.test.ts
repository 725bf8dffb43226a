import { describe, expect, test } from '@jest/globals';
import { pauseAfter } from '../../../src/domain/retry.ts';

const pauses = (maxAttempts: number, backoffMs: number, multiplier: number): (number | undefined)[] =>
  Array.from({ length: maxAttempts + 1 }, (_, index) => pauseAfter({ maxAttempts, backoffMs, multiplier }, index + 1));

describe('the pauses of a retryPolicy', () => {
  test.each<[string, number, number, number, (number | undefined)[]]>([
    ['one try', 1, 30_000, 2, [undefined, undefined]],
    ['the default', 3, 30_000, 2, [30_000, 60_000, undefined, undefined]],
    ['no growth', 4, 500, 1, [500, 500, 500, undefined, undefined]],
    ['a fraction', 3, 1_000, 1.5, [1_000, 1_500, undefined, undefined]],
    ['half an hour at most', 5, 600_000, 3, [600_000, 1_800_000, 1_800_000, 1_800_000, undefined, undefined]],
    ['none', 3, 0, 2, [0, 0, undefined, undefined]],
  ])('%s', (_name, maxAttempts, backoffMs, multiplier, expected) => {
    expect(pauses(maxAttempts, backoffMs, multiplier)).toEqual(expected);
  });

  test('are numbers however far they grow', () => {
    for (const backoffMs of [0, 1])
      expect(pauseAfter({ maxAttempts: 100, backoffMs, multiplier: 1e10 }, 99)).toBe(backoffMs * 1_800_000);
  });
});
