import { StepError } from '../../errors.ts';
import { KubeError } from './kube-error.ts';

/** What a failed request means for the step that made it. */
export function toStepError(error: unknown): unknown {
  // A name that is none: no retry makes it one.
  if (error instanceof TypeError) return new StepError('Invalid', error.message, { cause: error });
  if (!(error instanceof KubeError)) return error;
  const options = { cause: error, ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }) };
  if (error.status === 403 || error.status === 401) return new StepError('Forbidden', error.message, options);
  if (error.status === 400 || error.status === 415 || error.status === 422)
    return new StepError('Invalid', error.message, options);
  return new StepError('Unavailable', error.message, options);
}
