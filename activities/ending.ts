import { REASONS } from '../src/api/constants.ts';
import type { HealingAction } from '../src/api/healing-action.ts';
import { findCondition, isTrue, type Condition, type ConditionChange } from '../src/domain/condition.ts';
import { isSuccess, type Outcome, type OutcomeReason } from '../src/domain/outcome.ts';
import { chained, planned, type StatusChange } from './record.ts';
import { verdictRecord } from './verdict-record.ts';

const NOT_ACCEPTED = { type: 'Accepted', status: 'False', reason: REASONS.Accepted.refused } as const;

/** What the end of an action adds to its status. */
export function ending(latest: HealingAction, outcome: Outcome, time: string): StatusChange {
  const { reason, message, checks } = outcome;
  const { audit, conditions, result } = latest.status ?? {};
  const success = isSuccess(reason);
  const proof: StatusChange =
    reason === 'Healed'
      ? verdictRecord(latest, { verdict: 'healed', detail: message, ...(checks === undefined ? {} : { checks }) }, time)
      : {};
  return {
    ...proof,
    completionTime: time,
    ...(audit === undefined
      ? {}
      : { audit: chained(latest, { kind: 'end', summary: `${reason}: ${message}`, ...planned(latest), time }) }),
    result: { ...result, success, message },
    set: [
      ...(proof.set ?? []),
      ...nothingIsPending(latest, message),
      ...(reason === 'Refused' && !isTrue(conditions, 'Accepted') ? [{ ...NOT_ACCEPTED, message }] : []),
      { type: 'Succeeded', status: success ? 'True' : 'False', reason, message },
    ],
  };
}

/** Of a change that may yet come. */
const PENDING: readonly string[] = [
  REASONS.Executed.awaitingOperator,
  REASONS.Executed.retrying,
  REASONS.Executed.claimed,
  REASONS.RolledBack.awaitingOperator,
];

/** What has ended asks nobody for anything any more, and announces nothing. */
const nothingIsPending = ({ status }: HealingAction, message: string): readonly ConditionChange[] =>
  (['Executed', 'RolledBack'] as const)
    .filter((type) => PENDING.includes(findCondition(status?.conditions, type)?.reason ?? ''))
    .map((type) => ({ type, status: 'False', reason: REASONS[type].failed, message }));

/** Terminal is final: an outcome that was written before wins over one that comes later. */
export function finalOutcome(conditions: readonly Condition[] | undefined, fallback: Outcome): Outcome {
  const succeeded = findCondition(conditions, 'Succeeded');
  return succeeded === undefined ? fallback : { reason: succeeded.reason as OutcomeReason, message: succeeded.message };
}
