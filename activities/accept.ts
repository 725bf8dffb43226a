import type { HealingAction, Plan } from '../src/api/healing-action.ts';
import type { HealingPolicy } from '../src/api/healing-policy.ts';
import { actionFor, supportsKind } from '../src/actions/index.ts';
import type { PlanResult } from '../src/actions/define-action.ts';
import { findCondition } from '../src/domain/condition.ts';
import { formatDuration, parseDuration } from '../src/domain/duration.ts';
import { isTerminal, type Outcome } from '../src/domain/outcome.ts';
import { targetRefOf } from '../src/domain/selection.ts';
import { ended, type AcceptedPlan, type Ended, type NothingBegun } from '../src/domain/steps.ts';
import { describeTarget, type ObjectRef } from '../src/domain/target-ref.ts';
import { coverage } from './coverage.ts';
import { queriesDigest } from './measurements.ts';
import { failedTemplates } from './failed-templates.ts';
import { objections, protectionBy, readLiveTarget } from './live-target.ts';
import { planDigest } from './plan-digest.ts';
import type { ActivityPorts } from './ports.ts';
import { hasBegun } from './record.ts';
import { recordPlan } from './record-plan.ts';
import { checkRetry, tellOfRetry } from './retry.ts';
import { patienceOf, retryRules, timeoutOf, verificationRules } from './rules-of-plan.ts';
import { DEFAULTS } from '../src/api/constants.ts';

const endedBy = (outcome: Outcome): Ended => ({ result: 'ended', outcome });
const refused = (message: string): Ended => ended('Refused', message);
const GONE = ended('Deleted', 'the HealingAction no longer exists');

/** What an earlier life of the healing has begun, or how it ended. Makes no plan. */
export async function recall(
  { actions }: Pick<ActivityPorts, 'actions'>,
  ref: ObjectRef,
): Promise<AcceptedPlan | Ended | NothingBegun> {
  const action = await actions.read(ref);
  return action === undefined ? GONE : (earlierLife(action) ?? { result: 'nothing-begun' });
}

/** Undefined where nothing is begun yet. */
function earlierLife(action: HealingAction): AcceptedPlan | Ended | undefined {
  if (isTerminal(action.status?.conditions))
    return refused('this HealingAction has already ended; create another one (spec.retryOf) to try again');
  const recorded = action.status?.plan;
  return hasBegun(action) && recorded !== undefined ? resume(action, recorded) : undefined;
}

/** Reads action, policy and target live, checks that the one is covered by the other, and resolves the plan. */
export async function accept(ports: ActivityPorts, ref: ObjectRef, now: () => Date): Promise<AcceptedPlan | Ended> {
  const action = await ports.actions.read(ref);
  if (action === undefined) return GONE;
  const earlier = earlierLife(action);
  if (earlier !== undefined) return earlier;
  const recorded = action.status?.plan;
  if (action.metadata.deletionTimestamp !== undefined)
    return ended('Deleted', 'the HealingAction was deleted before it had an effect');
  const { expiresAt } = action.spec;
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now().getTime())
    return ended('Expired', `the action was to be done before ${expiresAt}`);

  const [policy, live, retry] = await Promise.all([
    ports.policies.read({ namespace: ref.namespace, name: action.spec.policyRef.name }),
    readLiveTarget(ports, action),
    checkRetry(ports, ref, action),
  ]);
  if (!retry.stands) return refused(retry.why);
  const covered = coverage(action, policy);
  if (!covered.covered) return endedBy(covered.outcome);
  const definition = actionFor(action.spec.action.type);
  if (definition === undefined) return refused(`actions of type ${action.spec.action.type} are not honoured yet`);
  const { targetResource } = action.spec;
  if (!supportsKind(definition, targetResource))
    return refused(
      `${definition.type} does not apply to ${targetResource.apiVersion} ${targetResource.kind}; it applies to ${definition.kinds.map(({ kind }) => kind).join(', ')}`,
    );
  if (!live.found) return endedBy(live.outcome);
  const objection = objections(ports, covered.policy, live);
  if (objection !== undefined) return endedBy(objection);

  const [related, seenGood, failed] = await Promise.all([
    definition.gather(ports.cluster, { target: live.object, namespace: ref.namespace, template: covered.template }),
    definition.looksBack ? ports.mailbox.seenGood(covered.policy.metadata.uid) : [],
    definition.looksBack ? failedTemplates(ports, ref.namespace, live.object.metadata.uid) : [],
  ]);
  const time = now().toISOString();
  const planned = definition.plan({
    target: live.object,
    related,
    template: covered.template,
    // Planned again from the same state, the plan is the same, and so is what was decided about it.
    stamp: recorded?.plannedAt ?? time,
    seenGood,
    failed,
    action: ref,
    resultWithinMs: Math.max(0, patienceOf(action, covered.policy) - verificationRules(covered.policy).windowMs),
    protection: protectionBy(ports, covered.policy),
  });
  if (planned.result === 'refused') return refused(planned.message);
  const plan = planFrom(
    planned,
    action,
    covered.policy,
    live.object,
    planned.reversible ?? definition.reversible,
    time,
  );
  const same = recorded !== undefined && planDigest(recorded) === planDigest(plan);
  const plannedAt = same ? (recorded.plannedAt ?? time) : time;
  if (retry.earlier !== undefined) await tellOfRetry(ports, ref, retry.earlier, covered.policy);
  return recordPlan(ports, { action, ...covered }, { ...plan, plannedAt }, now);
}

/** A claim from an earlier life: the effect may be there, so what was planned then is what is looked for now. */
function resume(action: HealingAction, plan: Plan): AcceptedPlan {
  const { stabilizationWindow, timeout } = plan.verification ?? {};
  const { stabilizationWindow: usualWindow, timeout: usualTimeout } = DEFAULTS.verification;
  const timeoutMs = timeoutOf(action);
  const verified = findCondition(action.status?.conditions, 'Verified');
  return {
    result: 'accepted',
    planDigest: action.status?.planDigest ?? planDigest(plan),
    summary: plan.summary,
    dryRun: false, // a dry run makes no claim
    resumed: true,
    approval: {
      required: false,
      why: '',
      timeoutMs: 0,
      acceptSignals: false,
      requireIdentity: true,
      fourEyes: false,
    },
    reservation: {
      id: action.metadata.uid,
      policy: '',
      target: describeTarget(plan.target),
      maxActionsPerHour: 0,
      leaseMs: 0,
    },
    verification: {
      windowMs: parseDuration(stabilizationWindow ?? usualWindow),
      timeoutMs: Math.min(timeoutMs, parseDuration(timeout ?? usualTimeout)),
    },
    timeoutMs,
    retry: retryRules(action),
    reversible: plan.reversible === true,
    ...(verified?.status === 'False' ? { failure: verified.message } : {}),
  };
}

function planFrom(
  planned: Extract<PlanResult, { result: 'planned' }>,
  action: HealingAction,
  policy: HealingPolicy,
  target: Parameters<typeof targetRefOf>[0],
  reversible: boolean,
  plannedAt: string,
): Plan {
  const { windowMs, timeoutMs } = verificationRules(policy);
  const queries = queriesDigest(policy);
  return {
    summary: planned.summary,
    action: action.spec.action.type,
    target: targetRefOf(target),
    parameters: planned.parameters,
    ...(planned.change === undefined ? {} : { change: planned.change }),
    reversible,
    ...(planned.approvalReason === undefined ? {} : { approvalReason: planned.approvalReason }),
    verification: {
      stabilizationWindow: formatDuration(windowMs),
      timeout: formatDuration(timeoutMs),
      ...(queries === undefined ? {} : { queries }),
    },
    plannedAt,
  };
}
