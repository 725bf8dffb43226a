import type { ActionDefinition } from '../src/actions/define-action.ts';
import { actionFor } from '../src/actions/index.ts';
import type { HealingAction, Plan } from '../src/api/healing-action.ts';
import type { KubeObject } from '../src/api/meta.ts';
import { isTrue } from '../src/domain/condition.ts';
import type { Baseline, FenceResult } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ClusterPort, Write } from '../src/ports/cluster.ts';
import type { Attempt } from './attempt.ts';
import { voidClaim } from './claim.ts';
import { fromEvidence } from './health-of-target.ts';
import { readLiveTarget } from './live-target.ts';
import { markerFor } from './marker.ts';
import type { ActivityPorts } from './ports.ts';
import { raiseFence } from './raise-fence.ts';
import { recordEffect } from './record-effect.ts';
import { gatherFor, lookForTraces, resolved } from './traces.ts';

const TRIES = 10;

/**
 * Before an effect is given up, every writer that may still sleep is made to fail, and whatever one of them has brought
 * about is found: their writes test the fence that they saw.
 */
export async function fence(ports: ActivityPorts, ref: ObjectRef, attempt: Attempt): Promise<FenceResult> {
  let raised = false;
  for (let tries = 0; tries < TRIES; tries++) {
    const action = await ports.actions.read(ref);
    const { claim, conditions, evidence, plan } = action?.status ?? {};
    if (action === undefined) return { result: 'unknown', gone: true, message: 'the record of the action is gone' };
    if (isTrue(conditions, 'Executed')) return { result: 'executed', baseline: fromEvidence(evidence?.before) };
    if (claim === undefined || plan === undefined) return { result: 'clear' };
    const definition = actionFor(plan.action);
    if (definition === undefined)
      return { result: 'unknown', message: `actions of type ${plan.action} are not honoured by this version` };

    const live = await readLiveTarget(ports, action);
    const found = await lookForTraces(ports.cluster, action, plan, definition, live.object);
    if (found.traces === 'executed') {
      const { baseline } = await recordEffect(
        ports,
        action,
        plan,
        undefined,
        attempt,
        baselineSince(action, plan, live),
      );
      return { result: 'executed', baseline };
    }
    if (raised || (live.object === undefined && definition.occupy === undefined)) {
      if (found.traces === 'unknown') return { result: 'unknown', message: found.message };
      if (found.traces === 'partly')
        return { result: 'unknown', message: `given up in the middle, ${found.message}: ${plan.summary}` };
      if ((await voidClaim(ports, ref, 'given up', attempt, { claim })) === 'voided') return { result: 'clear' };
      raised = false;
      continue;
    }
    const written = await fenceAll(ports, action, plan, definition, live.object, attempt);
    if (written.result === 'refused')
      return { result: 'unknown', message: `a sleeping attempt cannot be stopped: ${written.message}` };
    raised = written.result === 'written';
  }
  return { result: 'conflict', message: 'the target is written so often that it could not be fenced' };
}

type Fenced = { readonly result: 'written' | 'conflict' } | { readonly result: 'refused'; readonly message: string };

/** Around everything that a sleeping attempt may be about to write; what is gone meanwhile needs none. */
async function fenceAll(
  { cluster }: Pick<ActivityPorts, 'cluster'>,
  action: HealingAction,
  plan: Plan,
  definition: ActionDefinition,
  target: KubeObject | undefined,
  attempt: Attempt,
): Promise<Fenced> {
  const marker = markerFor(action, 'execute', action.status?.claim?.attempt ?? 1);
  if (definition.occupy !== undefined)
    return occupied(cluster, definition.occupy({ ...plan.target, ...resolved(plan), marker }), attempt);
  if (target === undefined) return { result: 'written' };
  const related = await gatherFor(cluster, definition, plan, { target, template: action.spec.action, marker });
  const around = definition.writtenTo?.({ target, related, marker, ...resolved(plan) }) ?? [target];
  for (const object of around) {
    const written = await raiseFence(cluster, object, marker, attempt);
    // Who is refused the fence is refused the effect, which would change annotations as well; but a deletion does not.
    const isRemoved = object.kind === 'Pod' || definition.markIsClaim?.(object.kind ?? '') === true;
    if (written.result === 'refused' && isRemoved) return written;
    if (written.result === 'conflict' || written.result === 'blocked') return { result: 'conflict' };
  }
  return { result: 'written' };
}

/** Who has the name by now is looked at anew; that somebody has it is enough to stop a sleeper. */
async function occupied(cluster: ClusterPort, write: Write, { auditId, deadline }: Attempt): Promise<Fenced> {
  const written = await cluster.write(write, { auditId: `${auditId}/fence`, dryRun: false, deadline });
  if (written.result === 'refused') return written;
  // In a namespace that is gone, or going, nobody creates anything.
  return { result: written.result === 'blocked' ? 'conflict' : 'written' };
}

/** What was noted with the claim, at the generation that the target has reached since. */
export function baselineSince(
  action: HealingAction,
  plan: Plan,
  { object }: { readonly object?: KubeObject | undefined },
): Baseline {
  const noted = fromEvidence(action.status?.evidence?.before);
  const generation = plan.target.kind === 'Pod' ? undefined : object?.metadata.generation;
  return { ...noted, ...(generation === undefined ? {} : { generation }) };
}
