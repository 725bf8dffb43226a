import { REASONS } from '../src/api/constants.ts';
import type { HealingAction, Plan } from '../src/api/healing-action.ts';
import { isTerminal } from '../src/domain/outcome.ts';
import type { Baseline, ExecutionResult } from '../src/domain/steps.ts';
import { describeTarget } from '../src/domain/target-ref.ts';
import type { Attempt } from './execute.ts';
import { toEvidence } from './health-of-target.ts';
import type { ActivityPorts } from './ports.ts';
import { chained, changed, refOf } from './record.ts';

/** What the target is like before the effect: compared with later, so it is written down now. */
interface Before {
  /** Of the part that the effect changes. */
  readonly digest: string;
  /** Read while the finalizer is being set. */
  readonly view: Promise<Baseline>;
}

/**
 * Marks the point after which the effect may exist. It is a compare-and-swap on the HealingAction, so a deletion either
 * comes first, and then there is no effect, or comes after, and then the finalizer makes it wait for the end.
 */
export async function claimEffect(
  { actions, audit }: Pick<ActivityPorts, 'actions' | 'audit'>,
  action: HealingAction,
  plan: Plan,
  before: Before,
  attempt: Attempt,
): Promise<'claimed' | ExecutionResult> {
  const held = action.status?.claim === undefined ? await actions.hold(action) : action;
  if (held === 'conflict') return { result: 'conflict', message: 'the HealingAction was written meanwhile' };
  const baseline = await before.view;
  const time = attempt.now().toISOString();
  let refusal: ExecutionResult | undefined;
  const updated = await actions.update(held, (latest) => {
    refusal = undefined;
    if (latest.metadata.deletionTimestamp !== undefined && latest.status?.claim === undefined)
      refusal = {
        result: 'ended',
        outcome: { reason: 'Deleted', message: 'the HealingAction was deleted before it had an effect' },
      };
    else if (isTerminal(latest.status?.conditions))
      refusal = { result: 'ended', outcome: { reason: 'Refused', message: 'the HealingAction has already ended' } };
    else if (latest.status?.planDigest !== action.status?.planDigest)
      refusal = { result: 'drifted', message: 'the plan was replaced' };
    if (refusal !== undefined) return undefined;
    const entry = { step: 'execute', attempt: attempt.number, time } as const;
    const first =
      latest.status?.claim === undefined
        ? chained(latest.status?.audit, { ...entry, kind: 'claim', summary: plan.summary })
        : latest.status.audit;
    return changed(
      latest,
      {
        claim: latest.status?.claim ?? {
          targetUid: plan.target.uid,
          step: 'execute',
          attempt: attempt.number,
          time,
          baseline: before.digest,
        },
        ...(latest.status?.claim === undefined
          ? {
              evidence: { ...latest.status?.evidence, before: toEvidence(baseline, describeTarget(plan.target), time) },
            }
          : {}),
        attempts: attempt.number,
        lastAttemptTime: time,
        audit: chained(first, { ...entry, kind: 'intent', summary: plan.summary }),
        set: [
          {
            type: 'Reserved',
            status: 'True',
            reason: REASONS.Reserved.granted,
            message: 'slot and target lock are held',
          },
          { type: 'Succeeded', status: 'Unknown', reason: REASONS.Succeeded.inProgress, message: plan.summary },
        ],
      },
      time,
    );
  });
  if (updated === undefined)
    return { result: 'ended', outcome: { reason: 'Deleted', message: 'the HealingAction no longer exists' } };
  if (refusal !== undefined) return refusal;
  for (const entry of updated.status?.audit?.slice(-2) ?? [])
    if (entry.time === time) audit.append(refOf(action), entry);
  return 'claimed';
}
