import { findCondition, type Condition } from './condition.ts';
import type { Check } from './verdict.ts';

/** `status.phase`, kept for readers of the original; derived from the conditions, never the truth itself. */
export type Phase = 'Pending' | 'Approved' | 'InProgress' | 'Succeeded' | 'Failed' | 'Cancelled';

/** Why an action ended: the reason of its `Succeeded` condition. */
export type OutcomeReason =
  | 'Healed'
  | 'DryRunCompleted'
  | 'Rejected'
  | 'Expired'
  | 'Aborted'
  /** An operator left it out: the policy may go on to its next action. */
  | 'Skipped'
  | 'Deleted'
  | 'TargetGone'
  | 'PolicyDeleted'
  | 'Refused'
  | 'NotHealed'
  | 'RolledBack'
  | 'NeedsHuman';

export interface Outcome {
  readonly reason: OutcomeReason;
  readonly message: string;
  /** What a healing rests on beside the target's own state. */
  readonly checks?: readonly Check[];
}

const SUCCEEDED: ReadonlySet<string> = new Set<OutcomeReason>(['Healed', 'DryRunCompleted']);
/** No effect, by decision or because there was nothing left to act on. */
const CANCELLED: ReadonlySet<string> = new Set<OutcomeReason>([
  'Rejected',
  'Expired',
  'Aborted',
  'Skipped',
  'Deleted',
  'TargetGone',
  'PolicyDeleted',
]);

export const isSuccess = (reason: OutcomeReason): boolean => SUCCEEDED.has(reason);

/** The action has ended; this never changes again. */
export function isTerminal(conditions: readonly Condition[] | undefined): boolean {
  const succeeded = findCondition(conditions, 'Succeeded');
  return succeeded !== undefined && succeeded.status !== 'Unknown';
}

/** The phase that the conditions amount to. */
export function derivePhase(conditions: readonly Condition[] | undefined): Phase {
  const succeeded = findCondition(conditions, 'Succeeded');
  if (succeeded?.status === 'True') return 'Succeeded';
  if (succeeded?.status === 'False') return CANCELLED.has(succeeded.reason) ? 'Cancelled' : 'Failed';
  if (findCondition(conditions, 'Reserved')?.status === 'True') return 'InProgress';
  if (findCondition(conditions, 'Executed') !== undefined) return 'InProgress';
  if (findCondition(conditions, 'Approved')?.status === 'True') return 'Approved';
  return 'Pending';
}
