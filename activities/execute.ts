import { REASONS } from '../src/api/constants.ts';
import type { HealingAction, Plan, ResourceChange } from '../src/api/healing-action.ts';
import type { HealingPolicy } from '../src/api/healing-policy.ts';
import type { KubeObject } from '../src/api/meta.ts';
import { actionFor } from '../src/actions/index.ts';
import type { ActionDefinition, Effect } from '../src/actions/define-action.ts';
import { isTrue } from '../src/domain/condition.ts';
import { isTerminal, type Outcome } from '../src/domain/outcome.ts';
import type { Baseline, Ended, ExecutionResult } from '../src/domain/steps.ts';
import { describeTarget, type ObjectRef } from '../src/domain/target-ref.ts';
import type { WriteResult } from '../src/ports/cluster.ts';
import { claimEffect } from './claim.ts';
import { coverage } from './coverage.ts';
import { baselineOf, fromEvidence, healthSubject, viewWorkload } from './health-of-target.ts';
import { objections, readLiveTarget } from './live-target.ts';
import { markerFor } from './marker.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, chained, changed, refOf } from './record.ts';
import { approvalRules } from './rules-of-plan.ts';

/** One attempt at the effect: who tries, and until when it may still write. */
export interface Attempt {
  readonly number: number;
  /** Milliseconds since the epoch: a sleeper that wakes after this must not write. */
  readonly deadline: number;
  /** Distinguishes the attempts in the API server's audit log. */
  readonly auditId: string;
  readonly now: () => Date;
}

const ended = (reason: Outcome['reason'], message: string): Ended => ({
  result: 'ended',
  outcome: { reason, message },
});

/**
 * The one effect. Everything that gives it authority is read again here and now; whatever an earlier attempt left behind
 * is found before anything is written; and the write itself refuses to hit anything but what was read.
 */
export async function execute(
  ports: ActivityPorts,
  ref: ObjectRef,
  digest: string,
  attempt: Attempt,
): Promise<ExecutionResult> {
  const action = await ports.actions.read(ref);
  if (action === undefined) return ended('Deleted', 'the HealingAction no longer exists');
  const { status } = action;
  if (isTerminal(status?.conditions)) return ended('Refused', 'the HealingAction has already ended');
  const plan = status?.plan;
  if (plan === undefined || status?.planDigest !== digest)
    return { result: 'drifted', message: 'the plan was replaced' };
  if (isTrue(status.conditions, 'Executed'))
    return { result: 'executed', changed: true, baseline: fromEvidence(status.evidence?.before) };

  const definition = actionFor(plan.action);
  if (definition === undefined)
    return ended('Refused', `actions of type ${plan.action} are not honoured by this version`);
  const { policyRef } = action.spec;
  const [live, policy] = await Promise.all([
    readLiveTarget(ports, action),
    ports.policies.read({ namespace: policyRef.namespace, name: policyRef.name }),
  ]);
  const traces = lookForTraces(action, plan, definition, live.found ? live.object : undefined);
  if (traces === 'executed')
    return recordEffect(ports, action, plan, undefined, attempt, fromEvidence(status.evidence?.before));
  if (traces === 'unknown')
    return ended(
      'NeedsHuman',
      `${describeTarget(plan.target)} was changed by someone else and the mark of our change is missing: whether it happened cannot be told`,
    );
  if (!live.found) return { result: 'ended', outcome: live.outcome };

  const granted = authority(ports, action, policy, digest, attempt.now());
  if (granted.result === 'ended') return granted;
  const objection = objections(ports, granted.policy, live);
  if (objection !== undefined) return { result: 'ended', outcome: objection };

  const related = await definition.gather(ports.cluster, live.object);
  const marker = markerFor(action, 'execute', attempt.number);
  const effect = definition.execute({ target: live.object, related, parameters: plan.parameters ?? {}, marker });
  if (effect.result === 'drifted') return effect;

  if (granted.dryRun) return rehearse(ports, action, plan, effect, live.object, attempt);
  const view = viewWorkload(ports.cluster, healthSubject(plan)).then(baselineOf);
  view.catch(() => undefined); // awaited below, unless the claim fails first
  const claimed = await claimEffect(ports, action, plan, { digest: definition.baseline(live.object), view }, attempt);
  if (claimed !== 'claimed') return claimed;
  const baseline = status.claim === undefined ? await view : fromEvidence(status.evidence?.before);
  const written = await perform(ports, effect, live.object, marker.key, attempt);
  return afterWrite(ports, action, plan, effect, written, attempt, baseline);
}

/** What earlier attempts left on the target: the marker, or the changed value itself. */
function lookForTraces(
  action: HealingAction,
  plan: Plan,
  definition: ActionDefinition,
  target: KubeObject | undefined,
): 'executed' | 'none' | 'unknown' {
  const claim = action.status?.claim;
  if (claim?.step !== 'execute') return 'none';
  const { key } = markerFor(action, 'execute', claim.attempt);
  const applied = definition.confirm({ target, uid: plan.target.uid, parameters: plan.parameters ?? {} });
  // On a pod the marker is only the claim; whether it was evicted is what counts.
  if (applied === 'applied') return 'executed';
  if (target === undefined) return 'unknown';
  if (target.metadata.annotations?.[key] !== undefined && plan.target.kind !== 'Pod') return 'executed';
  return definition.baseline(target) === claim.baseline ? 'none' : 'unknown';
}

/** Policy, approval and expiry as they are now: since the plan was made they can only have tightened. */
function authority(
  ports: ActivityPorts,
  action: HealingAction,
  policy: HealingPolicy | undefined,
  digest: string,
  now: Date,
): Ended | { readonly result: 'granted'; readonly policy: HealingPolicy; readonly dryRun: boolean } {
  if (action.metadata.deletionTimestamp !== undefined)
    return ended('Deleted', 'the HealingAction was deleted before it had an effect');
  const { expiresAt } = action.spec;
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now.getTime())
    return ended('Expired', `the action was to be done before ${expiresAt}`);
  const covered = coverage(action, policy);
  if (!covered.covered) return { result: 'ended', outcome: covered.outcome };

  const rules = approvalRules(action, covered.policy, covered.template, ports.settings.acceptSignals);
  const approval = action.status?.approval;
  if (
    (rules.required || approval?.required === true) &&
    !(approval?.approved === true && approval.planDigest === digest)
  )
    return ended('Refused', `there is no approval for plan ${digest}`);
  if (approval?.method === 'kubernetes' && action.spec.approval?.planDigest !== digest)
    return ended('Refused', `the approval for plan ${digest} was withdrawn`);
  return {
    result: 'granted',
    policy: covered.policy,
    dryRun: ports.settings.dryRun || action.spec.dryRun === true || covered.policy.spec.mode === 'dryrun',
  };
}

type Doable = Extract<Effect, { result: 'effect' }>;

/** The effect, preceded by its claim on the target where it cannot carry the marker itself. */
async function perform(
  ports: ActivityPorts,
  effect: Doable,
  live: KubeObject,
  markerKey: string,
  attempt: Attempt,
  dryRun = false,
): Promise<WriteResult> {
  const options = { auditId: attempt.auditId, dryRun, deadline: attempt.deadline };
  if (effect.claim === undefined) return ports.cluster.write(effect.write, options);
  let claimed = live;
  if (live.metadata.annotations?.[markerKey] === undefined) {
    const result = await ports.cluster.write(effect.claim, { ...options, auditId: `${attempt.auditId}/claim` });
    if (result.result !== 'written') return result;
    claimed = result.object;
  }
  const pin = effect.write.type === 'evict' && !dryRun ? { resourceVersion: claimed.metadata.resourceVersion } : {};
  return ports.cluster.write({ ...effect.write, ...pin }, options);
}

async function rehearse(
  ports: ActivityPorts,
  action: HealingAction,
  plan: Plan,
  effect: Doable,
  live: KubeObject,
  attempt: Attempt,
): Promise<ExecutionResult> {
  const { key } = markerFor(action, 'execute', attempt.number);
  const written = await perform(ports, effect, live, key, attempt, true);
  switch (written.result) {
    case 'written':
      break;
    case 'conflict':
      return { result: 'conflict', message: written.message };
    case 'gone':
      return ended('TargetGone', `${describeTarget(plan.target)} no longer exists`);
    case 'blocked':
    case 'refused':
      return ended('Refused', `the API server would refuse it: ${written.message}`);
  }
  const time = attempt.now().toISOString();
  await ports.actions.update(refOf(action), (latest) =>
    changed(
      latest,
      {
        attempts: attempt.number,
        lastAttemptTime: time,
        result: { success: false, message: 'dry run', changes: changesOf(plan, effect, time) },
        set: [
          {
            type: 'Executed',
            status: 'False',
            reason: REASONS.Executed.dryRun,
            message: `the API server would accept it: ${plan.summary}`,
          },
        ],
      },
      time,
    ),
  );
  return { result: 'executed', changed: false, baseline: { generation: 0, available: 0, restarts: {} } };
}

async function afterWrite(
  ports: ActivityPorts,
  action: HealingAction,
  plan: Plan,
  effect: Doable,
  written: WriteResult,
  attempt: Attempt,
  baseline: Baseline,
): Promise<ExecutionResult> {
  switch (written.result) {
    case 'written': {
      const generation = effect.write.type === 'patch' ? written.object.metadata.generation : undefined;
      return recordEffect(ports, action, plan, effect, attempt, {
        ...baseline,
        ...(generation === undefined ? {} : { generation }),
      });
    }
    case 'gone':
      // Gone between our read and our write: for a restart that is what was wanted, whoever did it.
      return effect.write.type === 'evict'
        ? recordEffect(ports, action, plan, effect, attempt, baseline)
        : ended('TargetGone', `${describeTarget(plan.target)} no longer exists`);
    case 'conflict':
      return { result: 'conflict', message: written.message };
    case 'blocked':
    case 'refused':
      return { result: 'blocked', message: written.message };
  }
}

const changesOf = (plan: Plan, effect: Doable, timestamp: string): ResourceChange[] =>
  effect.changes.map((change) => ({
    resourceRef: `${plan.target.kind}/${plan.target.namespace}/${plan.target.name}`,
    changeType: effect.write.type === 'evict' ? 'delete' : 'update',
    field: change.field,
    oldValue: change.oldValue.slice(0, 256),
    newValue: change.newValue.slice(0, 256),
    timestamp,
  }));

/** Writes down that the effect is there. `effect` is undefined when a later attempt found it. */
async function recordEffect(
  ports: ActivityPorts,
  action: HealingAction,
  plan: Plan,
  effect: Doable | undefined,
  attempt: Attempt,
  baseline: Baseline,
): Promise<ExecutionResult> {
  const time = attempt.now().toISOString();
  const message = effect === undefined ? `found done by an earlier attempt: ${plan.summary}` : plan.summary;
  const updated = await ports.actions.update(refOf(action), (latest) =>
    changed(
      latest,
      {
        attempts: attempt.number,
        lastAttemptTime: time,
        audit: chained(latest.status?.audit, {
          kind: 'outcome',
          step: 'execute',
          attempt: attempt.number,
          summary: message,
          time,
        }),
        ...(effect === undefined
          ? {}
          : {
              result: { success: false, message: 'done, not verified yet', changes: changesOf(plan, effect, time) },
            }),
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
    const entry = updated.status?.audit?.at(-1);
    if (entry !== undefined) ports.audit.append(refOf(action), entry);
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
