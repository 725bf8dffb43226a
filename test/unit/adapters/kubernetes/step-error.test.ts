import { describe, expect, test } from '@jest/globals';
import { KubeError } from '../../../../src/adapters/kubernetes/kube-error.ts';
import { toStepError } from '../../../../src/adapters/kubernetes/step-error.ts';

const failed = (status: number, retryAfterMs?: number): KubeError =>
  new KubeError('GET /x', {
    status,
    reason: 'R',
    message: 'm',
    causes: [],
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });

describe('what a failed request means for a step', () => {
  test.each([
    [0, 'Unavailable', true],
    [401, 'Forbidden', true],
    [403, 'Forbidden', true],
    [400, 'Invalid', false],
    [415, 'Invalid', false],
    [422, 'Invalid', false],
    [404, 'Unavailable', true],
    [409, 'Unavailable', true],
    [410, 'Unavailable', true],
    [429, 'Unavailable', true],
    [500, 'Unavailable', true],
    [503, 'Unavailable', true],
  ])('%p: %s', (status, code, retryable) => {
    expect(toStepError(failed(status))).toMatchObject({ name: 'StepError', code, retryable, message: 'GET /x: m' });
  });

  test('when to come back is not lost', () => {
    expect(toStepError(failed(429, 3_000))).toMatchObject({ retryAfterMs: 3_000 });
  });

  test('a name that is none is not tried again, and what is no failed request stays what it is', () => {
    expect(toStepError(new TypeError('name ".." is not valid'))).toMatchObject({ code: 'Invalid' });
    const other = new RangeError('bug');
    expect(toStepError(other)).toBe(other);
  });
});
