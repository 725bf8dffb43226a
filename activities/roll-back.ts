import { REASONS } from '../src/api/constants.ts';
import type { HealingAction, Plan } from '../src/api/healing-action.ts';
import type { KubeObject } from '../src/api/meta.ts';
import { actionFor } from '../src/actions/index.ts';
import { isWorkload, rolloutCounts } from '../src/domain/health.ts';
import type { Baseline, RollbackResult } from '../src/domain/steps.ts';
import { describeTarget, type ObjectRef } from '../src/domain/target-ref.ts';
import { isTerminal } from '../src/domain/outcome.ts';
import { planDigest } from './plan-digest.ts';
import type { Attempt } from './attempt.ts';
import { protections, readLiveTarget } from './live-target.ts';
import { markerFor } from './marker.ts';
import type { ActivityPorts } from './ports.ts';
import { recreate } from './recreate.ts';
import { raiseFence } from './raise-fence.ts';
import { asTarget, chained, changed, planned } from './record.ts';
import { gatherFor, resolved } from './traces.ts';

const WORDS = {
  'rolled-back': { outcome: 'done', reason: REASONS.RolledBack.rolledBack },
  'not-possible': { outcome: 'impossible', reason: REASONS.RolledBack.notPossible },
  'taken-over': { outcome: 'refused', reason: REASONS.RolledBack.takenOver },
} as const;

/**
 * Takes back exactly what the effect changed, and only where it still has our value. An undo that left the target no
 * worse than it was is kept: going back to what was broken helps nobody.
 */
export async function rollBack(
  ports: ActivityPorts,
  ref: ObjectRef,
  digest: string,
  baseline: Baseline,
  attempt: Attempt,
): Promise<RollbackResult> {
  const action = await ports.actions.read(ref);
  const plan = action?.status?.plan;
  if (action === undefined || plan === undefined || action.status?.planDigest !== digest)
    return { result: 'not-possible', message: 'the record of the action is missing' };
  const settled: RollbackResult = { result: 'not-possible', message: 'the action has already ended' };
  if (isTerminal(action.status.conditions)) return settled;

  const named = describeTarget(plan.target);
  const marker = markerFor(action, 'rollback', attempt.number);
  const [live, policy] = await Promise.all([
    readLiveTarget(ports, action),
    ports.policies.read({ namespace: ref.namespace, name: action.spec.policyRef.name }),
  ]);
  const record = async (result: Settled): Promise<RollbackResult> => {
    // An earlier attempt may still sleep before its write: that is over before anything is said.
    if (result.result !== 'rolled-back' && live.object !== undefined && announced(action)) {
      const fenced = await raiseFence(ports.cluster, live.object, marker, attempt);
      if (fenced.result === 'conflict') return { result: 'conflict', message: fenced.message };
    }
    return recordRollback(ports, ref, result, attempt);
  };

  const definition = actionFor(plan.action);
  if (!live.found && definition?.recreate !== undefined && plan.reversible === true) {
    if (planDigest(plan) !== digest) return record({ result: 'not-possible', message: 'the plan is not what it was' });
    const made = await recreate(ports, definition, {
      action,
      plan,
      policy,
      marker,
      attempt,
      announce: () => announce(ports, action, plan, attempt),
    });
    return made.result === 'conflict' || made.result === 'blocked' ? made : record(made);
  }
  if (definition === undefined || !live.found)
    return record({
      result: 'not-possible',
      message: live.found ? `${plan.action} cannot be taken back` : live.outcome.message,
    });
  if (live.object.metadata.annotations?.[marker.key] !== undefined)
    return record({ result: 'rolled-back', message: `rolled back: ${plan.summary}` });
  const protectedBy = protections(ports.settings, policy, live);
  if (protectedBy.length > 0) return record({ result: 'taken-over', message: protectedBy.join('; ') });

  const kept = definition.keptUnlessWorse === true ? whyKept(live.object, baseline) : undefined;
  if (kept !== undefined) return record({ result: 'not-possible', message: kept });

  const gathering = { target: live.object, template: action.spec.action, marker };
  const related = await gatherFor(ports.cluster, definition, plan, gathering);
  const inverse = definition.inverse({ target: live.object, related, marker, ...resolved(plan) });
  if (inverse === undefined) return record({ result: 'not-possible', message: `${plan.action} cannot be taken back` });
  if (inverse.result !== 'effect') return record({ result: 'taken-over', message: inverse.message });

  if (!(await announce(ports, action, plan, attempt))) return settled;
  const written = await ports.cluster.write(inverse.write, {
    auditId: attempt.auditId,
    dryRun: false,
    deadline: attempt.deadline,
  });
  switch (written.result) {
    case 'written':
      return record({ result: 'rolled-back', message: `rolled back: ${plan.summary}` });
    case 'conflict':
      return { result: 'conflict', message: written.message };
    case 'gone':
      return record({ result: 'not-possible', message: `${named} is no longer there to be rolled back` });
    case 'blocked':
    case 'refused':
      return { result: 'blocked', message: `the API server refuses the rollback: ${written.message}` };
  }
}

type Settled = Exclude<RollbackResult, { result: 'conflict' | 'blocked' }>;

/**
 * Undefined when the target is worse than before, or nobody can tell yet: counts that are older than the effect are those
 * from before. Fewer are no worse where fewer are wanted by now.
 */
function whyKept(target: KubeObject, { available: before, generation }: Baseline): string | undefined {
  if (isWorkload(target) && (target.status?.observedGeneration ?? 0) < generation) return undefined;
  const { available, desired } = isWorkload(target) ? rolloutCounts(target) : { available: 0, desired: before };
  return available >= Math.min(before, desired)
    ? `kept: ${available} of ${desired} available, ${before} before`
    : undefined;
}

const announced = (action: HealingAction): boolean =>
  action.status?.audit?.some(({ kind, step }) => kind === 'intent' && step === 'rollback') === true;

/** Written before the rollback itself, so that what may have happened is known whatever crashes. False: it has ended. */
async function announce(
  { actions }: Pick<ActivityPorts, 'actions'>,
  action: HealingAction,
  plan: Plan,
  attempt: Attempt,
): Promise<boolean> {
  const time = attempt.now().toISOString();
  const entry = { kind: 'intent', step: 'rollback', attempt: attempt.number, time } as const;
  const updated = await actions.update(action, (latest) =>
    changed(
      latest,
      { audit: chained(latest, { ...entry, summary: `roll back: ${plan.summary}`, ...planned(latest) }) },
      time,
    ),
  );
  return updated !== undefined && !isTerminal(updated.status?.conditions);
}

async function recordRollback(
  { actions, events }: Pick<ActivityPorts, 'actions' | 'events'>,
  ref: ObjectRef,
  result: Settled,
  attempt: Attempt,
): Promise<RollbackResult> {
  const time = attempt.now().toISOString();
  const { outcome, reason } = WORDS[result.result];
  const entry = {
    kind: 'outcome',
    step: 'rollback',
    attempt: attempt.number,
    effect: outcome === 'done' ? 'done' : 'none',
    summary: result.message,
    time,
  } as const;
  const updated = await actions.update(ref, (latest) => {
    // Another attempt has come first with the same: it is on record once.
    if (latest.status?.rollback?.outcome === outcome) return undefined;
    return changed(
      latest,
      {
        rollback: { outcome, message: result.message, time },
        audit: chained(latest, { ...entry, ...planned(latest) }),
        set: [{ type: 'RolledBack', status: outcome === 'done' ? 'True' : 'False', reason, message: result.message }],
      },
      time,
    );
  });
  if (updated !== undefined)
    events.record({
      regarding: asTarget(updated),
      type: 'Warning',
      reason,
      action: 'RollBack',
      note: result.message,
    });
  return result;
}
