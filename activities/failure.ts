import { ApplicationFailure } from '@temporalio/common';
import { StepError } from '../src/errors.ts';

type Steps = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

/**
 * The same steps, whose errors say whether Temporal shall try again. An error that nobody foresaw is retried, since
 * giving up on it would lose the healing.
 */
export function withFailures<S extends Steps>(steps: S): S {
  const wrapped = Object.entries(steps).map(([name, step]) => [
    name,
    async (...args: never[]) => {
      try {
        return await step(...args);
      } catch (error) {
        throw error instanceof StepError ? toFailure(error) : error;
      }
    },
  ]);
  return Object.fromEntries(wrapped) as S; // the same keys, each with the same signature
}

const toFailure = (error: StepError): ApplicationFailure =>
  ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: !error.retryable,
    cause: error,
    ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
  });
