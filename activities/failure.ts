import { ApplicationFailure } from '@temporalio/common';
import { StepError } from '../src/errors.ts';

type Steps = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

export interface FailureOptions {
  /** Which attempt at its step the running activity is, from 1. */
  readonly attempt: () => number;
  /** Names of steps without which a story cannot end: they are tried for as long as it takes, whatever is wrong. */
  readonly certain: readonly string[];
}

/** A fault of our own may be one of the moment, but not so often in a row. */
const MAX_UNFORESEEN = 10;
/** Nothing but a new version of KubeSkippy can help. */
const HOPELESS_DELAY_MS = 60_000;

/** The same steps, whose errors say whether Temporal shall try again. */
export function withFailures<S extends Steps>(steps: S, { attempt, certain }: FailureOptions): S {
  const wrapped = Object.entries(steps).map(([name, step]) => [
    name,
    async (...args: never[]) => {
      try {
        return await step(...args);
      } catch (error) {
        const failure = error instanceof StepError ? toFailure(error) : unforeseen(error, attempt());
        throw certain.includes(name) ? tireless(failure) : failure;
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

function unforeseen(error: unknown, attempt: number): ApplicationFailure {
  const cause = error instanceof Error ? error : undefined;
  return ApplicationFailure.create({
    type: 'Unforeseen',
    message: cause?.message ?? String(error),
    nonRetryable: attempt >= MAX_UNFORESEEN,
    ...(cause === undefined ? {} : { cause }),
  });
}

const tireless = (failure: ApplicationFailure): ApplicationFailure =>
  failure.nonRetryable === true
    ? ApplicationFailure.create({
        type: failure.type ?? 'Unforeseen',
        message: failure.message,
        nextRetryDelay: HOPELESS_DELAY_MS,
        ...(failure.cause === undefined ? {} : { cause: failure.cause }),
      })
    : failure;
