import { allHandlersFinished, CancellationScope, condition, upsertSearchAttributes } from '@temporalio/workflow';
import { ActivityFailure } from '@temporalio/common';
import { isSuccess, type Outcome } from '../src/domain/outcome.ts';
import type { AcceptedPlan } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { certainly, step } from './activity-options.ts';
import { approve } from './approve.ts';
import { openDesk, type Desk } from './desk.ts';
import { execute, findEffect } from './effect.ts';
import { reserve } from './reserve.ts';
import { PHASE } from './search-attributes.ts';
import { rollBack, verify } from './verify.ts';

/** A workflow is told which action it is for, and nothing that carries authority. */
export interface HealingActionInput {
  readonly action: ObjectRef;
  /** The run before this one ended, and the action did not: nothing is begun any more, and what was begun is brought to its end. */
  readonly settle?: true;
}

const MAX_PLANS = 5;
const WHAT_IS_ACCEPTED =
  'is it covered by its policy, and what would it change? (if nobody has to be asked: also whether that is right, a slot, and the lock)';

/**
 * One healing: accept, analyze, approve, reserve, execute, verify, roll back if it did not help, report.
 * Cancelling it before the effect means no effect; after the effect it still ends in verify-or-rollback.
 */
export async function healingActionWorkflow({ action, settle }: HealingActionInput): Promise<Outcome> {
  const desk = openDesk();
  return CancellationScope.nonCancellable(async () => {
    const story = settle === true ? settleUp(action, desk) : heal(action, desk);
    const outcome = await story.catch(toOutcome);
    desk.show(outcome.reason, outcome.message);
    upsertSearchAttributes([{ key: PHASE, value: isSuccess(outcome.reason) ? 'Succeeded' : outcome.reason }]);
    const reported = await certainly(`${outcome.reason}: ${outcome.message}`).report(action, outcome);
    await condition(allHandlersFinished);
    return reported;
  });
}

/** A step that gave up for good is not the end of the story: whatever was begun, a person learns where it stands. */
function toOutcome(error: unknown): Outcome {
  if (!(error instanceof ActivityFailure)) throw error;
  return {
    reason: 'NeedsHuman',
    message: `${error.activityType} failed for good: ${error.cause?.message ?? error.message}`,
  };
}

async function heal(action: ObjectRef, desk: Desk): Promise<Outcome> {
  for (let plans = 0; plans < MAX_PLANS; plans++) {
    desk.show('Accepting', 'checking the action against its policy and the live target');
    const plan = await step(WHAT_IS_ACCEPTED).accept(action);
    if (plan.result === 'ended') return plan.outcome;
    if (plan.resumed) return resume(action, plan, desk);
    desk.tell(
      'Planned',
      `${plan.summary} (plan \`${plan.planDigest}\`, ${plan.reversible ? 'can' : 'cannot'} be rolled back)`,
    );

    const approved = await approve(action, plan, desk);
    if (approved.result === 'ended') return approved.outcome;
    const declined = await reserve(action, plan, desk, approved.slot);
    if (declined !== undefined) return declined;
    const executed = await execute(action, plan, desk);
    if (executed.result === 'drifted') continue;
    if (executed.result === 'ended') return executed.outcome;
    if (!executed.changed) return { reason: 'DryRunCompleted', message: `would ${plan.summary}; nothing was changed` };
    return verify(action, plan, executed, desk);
  }
  return { reason: 'Refused', message: `the target changed under ${MAX_PLANS} plans in a row; nothing was done` };
}

/** Who ended the run before may have meant to stop the healing: without a claim it ends, and with one only what it began. */
async function settleUp(action: ObjectRef, desk: Desk): Promise<Outcome> {
  for (let looks = 0; looks < MAX_PLANS; looks++) {
    desk.show('Resuming', 'its workflow ended before it did: looking for what was begun');
    const abandoned = await certainly('end it, unless something was begun').abandon(action);
    if (abandoned.result === 'ended') return abandoned.outcome;
    const plan = await step('what was begun?').recall(action);
    if (plan.result === 'ended') return plan.outcome;
    if (plan.result === 'accepted') return resume(action, plan, desk);
  }
  return { reason: 'NeedsHuman', message: 'its workflow ended before it did; whether it has begun cannot be told' };
}

/** An earlier life of this healing has claimed the effect: what it did is verified, what it did not do is not done now. */
async function resume(action: ObjectRef, plan: AcceptedPlan, desk: Desk): Promise<Outcome> {
  desk.show('Resuming', `looking for what became of: ${plan.summary}`);
  const found = await findEffect(action, 1);
  if (found.result === 'executed') {
    if (plan.failure !== undefined) return rollBack(action, plan, found.baseline, plan.failure, desk);
    return verify(action, plan, { ...found, endsAt: Date.now() + plan.timeoutMs }, desk);
  }
  const why = found.result === 'clear' ? 'it did not happen, and will not' : found.message;
  return { reason: 'NeedsHuman', message: `begun in an earlier life of this healing: ${plan.summary}; ${why}` };
}
