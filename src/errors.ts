/**
 * Why a step failed, as a word that survives the way from an activity to a workflow: Temporal carries the type of a
 * failure, never its class.
 */
export type FailureCode =
  /** The API server or Temporal gave no answer, or failed itself: the step is tried again. */
  | 'Unavailable'
  /** The API server refuses the healer's request: somebody has to change rights or configuration. */
  | 'Forbidden'
  /** Our own mistake, or an object that the schema should have refused. */
  | 'Invalid';

const RETRYABLE: ReadonlySet<FailureCode> = new Set<FailureCode>(['Unavailable', 'Forbidden']);

/** An error that says what kind it is, and thereby whether trying again can help. */
export class StepError extends Error {
  override readonly name = 'StepError';
  readonly code: FailureCode;
  /** The server said when to come back. */
  readonly retryAfterMs?: number;

  constructor(code: FailureCode, message: string, options: ErrorOptions & { readonly retryAfterMs?: number } = {}) {
    super(message, options);
    this.code = code;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }

  get retryable(): boolean {
    return RETRYABLE.has(this.code);
  }
}
