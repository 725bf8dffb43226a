import type { HealingAction, Plan } from '../src/api/healing-action.ts';
import { actionFor } from '../src/actions/index.ts';
import { isTrue } from '../src/domain/condition.ts';
import { isTerminal } from '../src/domain/outcome.ts';
import { ended, type EffectOrder, type ExecutionResult } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { WriteResult } from '../src/ports/cluster.ts';
import type { Attempt } from './attempt.ts';
import { approverStillMay, authority } from './authority.ts';
import { claimEffect, closeIntent, voidClaim, type Claimed } from './claim.ts';
import { describeGone, describeWritten } from './describe-write.ts';
import { baselineSince, fence } from './fence.ts';
import { openClaim, prepareClaim } from './claim-preparation.ts';
import { fromEvidence } from './health-of-target.ts';
import { objections, protectionBy, protectionOfPart, readLiveTarget } from './live-target.ts';
import { markerFor } from './marker.ts';
import { perform } from './perform.ts';
import type { ActivityPorts } from './ports.ts';
import { withoutOldMarks } from './prune-markers.ts';
import { refOf } from './record.ts';
import { recordEffect, type Doable } from './record-effect.ts';
import { recordRehearsal, rehearse } from './rehearse.ts';
import { isDryRun } from './rules-of-plan.ts';
import { gatherFor, lookForTraces, resolved } from './traces.ts';

/**
 * The one effect. Everything that gives it authority is read again here and now; whatever an earlier attempt left behind
 * is found before anything is written; and the write itself refuses to hit anything but what was read.
 */
export async function execute(
  ports: ActivityPorts,
  ref: ObjectRef,
  digest: string,
  order: EffectOrder,
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

  const result = await tryEffect(ports, action, plan, order, attempt);
  const over = result.result === 'ended' || result.result === 'drifted';
  return over && status.claim !== undefined ? leave(ports, ref, result, attempt) : result;
}

/** An earlier attempt has claimed the effect and may still sleep before its write: that is over before anything is said. */
async function leave(
  ports: ActivityPorts,
  ref: ObjectRef,
  result: ExecutionResult,
  attempt: Attempt,
): Promise<ExecutionResult> {
  const fenced = await fence(ports, ref, attempt);
  switch (fenced.result) {
    case 'executed':
      return { ...fenced, changed: true };
    case 'unknown':
      return ended('NeedsHuman', fenced.message);
    case 'conflict':
      return fenced;
    case 'clear':
      return result;
  }
}

async function tryEffect(
  ports: ActivityPorts,
  action: HealingAction,
  plan: Plan,
  order: EffectOrder,
  attempt: Attempt,
): Promise<ExecutionResult> {
  const definition = actionFor(plan.action);
  if (definition === undefined)
    return ended('Refused', `actions of type ${plan.action} are not honoured by this version`);
  const { policyRef } = action.spec;
  const rehearsal = order.dryRun || isDryRun(ports.settings, action); // the policy may say so too
  const opening = rehearsal ? undefined : openClaim(ports, action, plan);
  const [live, policy, permitted] = await Promise.all([
    readLiveTarget(ports, action),
    ports.policies.read({ namespace: policyRef.namespace, name: policyRef.name }),
    approverStillMay(ports, action),
  ]);
  const found = await lookForTraces(ports.cluster, action, plan, definition, live.object);
  if (found.traces === 'executed')
    return recordEffect(ports, action, plan, undefined, attempt, baselineSince(action, plan, live));
  if (found.traces === 'unknown') return ended('NeedsHuman', found.message);
  if (!live.found) return { result: 'ended', outcome: live.outcome };

  const begun = found.traces === 'partly' ? found.message : undefined;
  const granted = authority(ports, action, policy, permitted, attempt.now(), begun !== undefined);
  if (granted.result !== 'granted') return granted;
  const objection = objections(ports, granted.policy, live);
  if (objection !== undefined) return { result: 'ended', outcome: objection };

  const dryRun = order.dryRun || granted.dryRun;
  const prepared = dryRun || opening === undefined ? undefined : prepareClaim(ports, granted.policy, plan, opening);
  const marker = markerFor(action, 'execute', order.claim);
  const gathering = { target: live.object, template: granted.template, marker };
  // For the traces of the same try all of it was read a moment ago, after the record of the action and its target.
  const seen = action.status?.claim?.attempt === order.claim ? found.related : undefined;
  const related = seen ?? (await gatherFor(opening?.cluster ?? ports.cluster, definition, plan, gathering));
  const protection = protectionBy(ports, granted.policy);
  const effect = definition.execute({ target: live.object, related, marker, protection, ...resolved(plan) });
  if (effect.result === 'drifted') return effect;
  if (effect.result === 'wait')
    return dryRun
      ? recordRehearsal(ports, action, plan, undefined, `it would have to wait: ${effect.message}`, attempt)
      : { ...effect, result: 'continues' };
  const { on } = effect;
  const protectedBy = on === undefined ? undefined : protectionOfPart(ports, granted.policy, live, on);
  if (protectedBy !== undefined) return ended('Refused', protectedBy);
  if (dryRun) return rehearse(ports, action, plan, { effect, target: live.object, marker }, attempt);
  const before = {
    what: describeEffect(plan, effect),
    digest: definition.baseline(live.object, resolved(plan)),
    prepared,
  };
  const claimed = await claimEffect(ports, action, plan, before, order, attempt, begun);
  if (claimed.result !== 'claimed') return claimed;
  const write = await withoutOldMarks(ports, effect.write, live.object, action);
  const written = await perform(ports, { ...effect, write }, marker, attempt, false);
  return afterWrite(ports, action, plan, effect, written, { ...claimed, begun }, attempt);
}

/** A write that was refused did not happen: what this attempt alone has claimed for it is given back at once. */
async function afterWrite(
  ports: ActivityPorts,
  action: HealingAction,
  plan: Plan,
  effect: Doable,
  written: WriteResult,
  { baseline, fresh, intent, begun }: Claimed & { readonly begun: string | undefined },
  attempt: Attempt,
): Promise<ExecutionResult> {
  if (written.result === 'written') {
    if (effect.unfinished === true) {
      await closeIntent(
        ports,
        refOf(action),
        { effect: 'done', summary: describeEffect(plan, effect) },
        intent,
        attempt,
      );
      return {
        result: 'continues',
        message: `one part more is done: ${plan.summary}`,
        retryAfterMs: effect.pauseMs ?? 0,
      };
    }
    const generation = effect.write.type === 'patch' ? written.object.metadata.generation : undefined;
    const since = { ...baseline, ...(generation === undefined ? {} : { generation }) };
    return recordEffect(ports, action, plan, effect, attempt, since);
  }
  const message = written.result === 'gone' ? describeGone(plan, effect) : written.message;
  if (fresh) await voidClaim(ports, refOf(action), message, attempt, { intent });
  else await closeIntent(ports, refOf(action), { effect: 'none', summary: `not done: ${message}` }, intent, attempt);
  switch (written.result) {
    case 'gone':
      // If an earlier attempt may have acted, only the traces can tell what became of that; and a part is not the target.
      return fresh && effect.on === undefined ? ended('TargetGone', message) : { result: 'conflict', message };
    case 'conflict':
      return { result: 'conflict', message };
    case 'blocked':
      // Between two parts a budget is full by what we did ourselves: there is room again when that is replaced.
      return begun === undefined
        ? { result: 'blocked', message }
        : { result: 'continues', message: `${begun}; ${message}`, retryAfterMs: written.retryAfterMs };
    case 'refused':
      return { result: 'blocked', message };
  }
}

/** One line for the record: what is written now. */
const describeEffect = (plan: Plan, effect: Doable): string =>
  effect.on === undefined ? plan.summary : `${describeWritten(plan, effect)}: ${plan.summary}`;
