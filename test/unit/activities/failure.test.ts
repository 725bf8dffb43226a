import { describe, expect, test } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/common';
import { withFailures } from '../../../activities/failure.ts';
import { StepError } from '../../../src/errors.ts';

async function failureOf(error: Error, attempt = 1, certain: readonly string[] = []): Promise<ApplicationFailure> {
  const steps = withFailures({ step: () => Promise.reject(error) }, { attempt: () => attempt, certain });
  try {
    await steps.step();
  } catch (failure) {
    if (failure instanceof ApplicationFailure) return failure;
  }
  throw new Error('no failure that Temporal knows');
}

describe('a failed step', () => {
  test('answers what it answered when it did not fail', async () => {
    const { step } = withFailures(
      { step: (value: number) => Promise.resolve(value + 1) },
      { attempt: () => 1, certain: [] },
    );
    expect(await step(1)).toBe(2);
  });

  test.each([
    ['Unavailable', false],
    ['Forbidden', false],
    ['Invalid', true],
  ] as const)('as %s is given up at once: %p', async (code, givenUp) => {
    expect(await failureOf(new StepError(code, 'why'))).toMatchObject({
      type: code,
      message: 'why',
      nonRetryable: givenUp,
    });
  });

  test('is tried again when the server says so', async () => {
    const error = new StepError('Unavailable', 'busy', { retryAfterMs: 3_000 });
    expect((await failureOf(error)).nextRetryDelay).toBe(3_000);
  });

  test('for a reason that nobody foresaw is tried some times, and then given up', async () => {
    const error = new TypeError('undefined is not a function');
    expect(await failureOf(error, 9)).toMatchObject({ type: 'Unforeseen', nonRetryable: false });
    expect(await failureOf(error, 10)).toMatchObject({ type: 'Unforeseen', nonRetryable: true });
  });

  test('without which the story cannot end is never given up, but tried less often', async () => {
    for (const error of [new TypeError('bug'), new StepError('Invalid', 'refused')])
      expect(await failureOf(error, 1_000, ['step'])).toMatchObject({ nonRetryable: false, nextRetryDelay: 60_000 });
    expect((await failureOf(new StepError('Unavailable', 'away'), 5, ['step'])).nextRetryDelay).toBeUndefined();
  });
});
