import { REASONS } from '../src/api/constants.ts';
import type { HealingAction, Plan, ResourceChange } from '../src/api/healing-action.ts';
import type { Effect } from '../src/actions/define-action.ts';
import { isTrue } from '../src/domain/condition.ts';
import type { Baseline } from '../src/domain/steps.ts';
import { describeTarget, type TargetRef } from '../src/domain/target-ref.ts';
import type { Attempt } from './attempt.ts';
import { toEvidence } from './health-of-target.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, chained, changed, planned, refOf } from './record.ts';

export type Doable = Extract<Effect, { result: 'effect' }>;

export interface Executed {
  readonly result: 'executed';
  readonly changed: boolean;
  readonly baseline: Baseline;
}

const CHANGE_TYPES = { patch: 'update', evict: 'delete', delete: 'delete', create: 'create' } as const;

const refText = ({ kind, namespace, name }: Pick<TargetRef, 'kind' | 'namespace' | 'name'>): string =>
  `${kind}/${namespace}/${name}`;

/** In the words of the original, where an action had one of its own. */
const changeType = ({ action }: Plan, { write }: Doable): ResourceChange['changeType'] =>
  write.type === 'patch' && (action === 'patch' || action === 'scale') ? action : CHANGE_TYPES[write.type];

export const changesOf = (plan: Plan, effect: Doable, timestamp: string): ResourceChange[] =>
  effect.changes.map((change) => ({
    resourceRef: refText(effect.write.type === 'create' ? effect.write.target : plan.target),
    changeType: changeType(plan, effect),
    field: change.field,
    oldValue: change.oldValue,
    newValue: change.newValue,
    timestamp,
  }));

/** Writes down that the effect is there. `effect` is undefined when a later attempt found it. */
export async function recordEffect(
  ports: ActivityPorts,
  action: HealingAction,
  plan: Plan,
  effect: Doable | undefined,
  attempt: Attempt,
  baseline: Baseline,
): Promise<Executed> {
  const time = attempt.now().toISOString();
  const message = effect === undefined ? `found done: ${plan.summary}` : plan.summary;
  const entry = {
    kind: 'outcome',
    step: 'execute',
    attempt: attempt.number,
    effect: 'done',
    summary: message,
    time,
  } as const;
  const updated = await ports.actions.update(refOf(action), (latest) =>
    changed(
      latest,
      {
        // A sleeper that comes after the one who found its effect adds no second record of it.
        ...(isTrue(latest.status?.conditions, 'Executed')
          ? {}
          : { audit: chained(latest, { ...entry, ...planned(latest) }) }),
        // With the generation that the effect has made: only what is newer than that can prove anything.
        evidence: { ...latest.status?.evidence, before: toEvidence(baseline, describeTarget(plan.target), time) },
        ...(effect === undefined
          ? {}
          : { result: { success: false, message: 'done, not verified yet', changes: changesOf(plan, effect, time) } }),
        set: [
          { type: 'Executed', status: 'True', reason: REASONS.Executed.executed, message },
          {
            type: 'Succeeded',
            status: 'Unknown',
            reason: REASONS.Verified.verifying,
            message: 'waiting for evidence that is newer than the effect',
          },
        ],
      },
      time,
    ),
  );
  if (updated !== undefined) {
    ports.events.record({
      regarding: asTarget(updated),
      type: 'Normal',
      reason: 'Executed',
      action: 'Execute',
      note: message,
    });
    ports.events.record({
      regarding: plan.target,
      type: 'Normal',
      reason: 'Healing',
      action: 'Execute',
      note: `${message} (HealingAction ${updated.metadata.name})`,
    });
  }
  return { result: 'executed', changed: true, baseline };
}
