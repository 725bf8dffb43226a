import { REASONS } from '../src/api/constants.ts';
import { isSuccess, isTerminal, type Outcome, type OutcomeReason } from '../src/domain/outcome.ts';
import { findCondition, isTrue } from '../src/domain/condition.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, chained, changed, planned, type StatusChange } from './record.ts';
import { verdictRecord } from './verdict-record.ts';

const NOT_ACCEPTED = { type: 'Accepted', status: 'False', reason: REASONS.Accepted.refused } as const;

/**
 * The end: the terminal status, once; then the slot and the lock are given back, the policy is told, and the finalizer
 * goes. In this order, so that a crash in between repeats only what is safe to repeat.
 */
export async function report(
  ports: ActivityPorts,
  ref: ObjectRef,
  outcome: Outcome,
  now: () => Date,
): Promise<Outcome> {
  const { actions, events, ledger, mailbox } = ports;
  const success = isSuccess(outcome.reason);
  const time = now().toISOString();
  const updated = await actions.update(ref, (latest) => {
    const proof: StatusChange =
      outcome.reason === 'Healed' ? verdictRecord(latest, { verdict: 'healed', detail: outcome.message }, time) : {};
    return changed(
      latest,
      {
        ...proof,
        completionTime: time,
        ...(latest.status?.audit === undefined
          ? {}
          : {
              audit: chained(latest, {
                kind: 'end',
                summary: `${outcome.reason}: ${outcome.message}`,
                ...planned(latest),
                time,
              }),
            }),
        result: { ...latest.status?.result, success, message: outcome.message },
        set: [
          ...(proof.set ?? []),
          ...(outcome.reason === 'Refused' && !isTrue(latest.status?.conditions, 'Accepted')
            ? [{ ...NOT_ACCEPTED, message: outcome.message }]
            : []),
          { type: 'Succeeded', status: success ? 'True' : 'False', reason: outcome.reason, message: outcome.message },
        ],
      },
      time,
    );
  });
  const ended =
    updated !== undefined && isTerminal(updated.status?.conditions)
      ? finalOutcome(updated.status?.conditions, outcome)
      : outcome;
  // Without a record nobody can tell any more: the slot counts as used.
  const hadEffect =
    updated === undefined || updated.status?.claim !== undefined || isTrue(updated.status?.conditions, 'Executed');
  await ledger.settle(ref.uid, hadEffect);
  if (updated !== undefined) {
    events.record({
      regarding: asTarget(updated),
      type: success ? 'Normal' : 'Warning',
      reason: ended.reason,
      action: 'Report',
      note: ended.message,
    });
    const policyUid = updated.spec.policyRef.uid;
    if (policyUid !== undefined) await mailbox.actionEnded(policyUid, { uid: ref.uid, reason: ended.reason });
  }
  await actions.release(ref);
  return ended;
}

/** Terminal is final: an outcome that was written before wins over one that comes later. */
function finalOutcome(conditions: Parameters<typeof findCondition>[0], fallback: Outcome): Outcome {
  const succeeded = findCondition(conditions, 'Succeeded');
  return succeeded === undefined ? fallback : { reason: succeeded.reason as OutcomeReason, message: succeeded.message };
}
