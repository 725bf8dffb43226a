import type { Lease } from './lease.ts';

/** One attempt at a write: who tries, and until when it may still write. */
export interface Attempt {
  /** Which try it belongs to, from 1. */
  readonly number: number;
  /** Milliseconds since the epoch: a sleeper that wakes after this must not write. */
  readonly deadline: number;
  /** How long it may claim anything; as long as it may write when absent. */
  readonly lease?: Pick<Lease, 'confirmed' | 'until'>;
  /** Distinguishes the attempts in the API server's audit log. */
  readonly auditId: string;
  readonly now: () => Date;
}
