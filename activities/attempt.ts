/** One attempt at a write: who tries, and until when it may still write. */
export interface Attempt {
  /** Which try it belongs to, from 1. */
  readonly number: number;
  /** Milliseconds since the epoch: a sleeper that wakes after this must not write. */
  readonly deadline: number;
  /** Distinguishes the attempts in the API server's audit log. */
  readonly auditId: string;
  readonly now: () => Date;
}
