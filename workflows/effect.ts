import { ActivityFailure } from '@temporalio/common';
import { sleep, upsertSearchAttributes } from '@temporalio/workflow';
import type { Outcome } from '../src/domain/outcome.ts';
import { pauseAfter } from '../src/domain/retry.ts';
import type { AcceptedPlan, Baseline, EffectOrder, FenceResult } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { proofMs } from '../src/domain/verdict.ts';
import { certainly, effect, step, summaryOf } from './activity-options.ts';
import type { Desk } from './desk.ts';
import { askOperator } from './operator.ts';
import { reserve } from './reserve.ts';
import { PHASE } from './search-attributes.ts';

/** Of the time waited so far, the share after which an effect in parts is looked at again: at most some 800 times a day. */
const LOOK_AGAIN = 1 / 100;
/** Lost races in a row before a try counts as used. */
const MAX_CONFLICTS = 20;

/** The effect is there, or was rehearsed and not done (`changed: false`). */
export interface Done {
  readonly result: 'executed';
  readonly changed: boolean;
  readonly baseline: Baseline;
}
export type NotDone = { readonly result: 'drifted' } | { readonly result: 'ended'; readonly outcome: Outcome };
interface Blocked {
  readonly result: 'blocked';
  readonly message: string;
  /** No other try can help. */
  readonly outOfTime?: true;
}

/**
 * One effect. When its tries are used up, it certainly has not happened and cannot happen any more; then a person decides,
 * and nobody holds a slot or a lock meanwhile.
 */
export async function execute(
  action: ObjectRef,
  plan: AcceptedPlan,
  desk: Desk,
): Promise<(Done & { readonly endsAt: number }) | NotDone> {
  desk.show('Executing', plan.summary);
  upsertSearchAttributes([{ key: PHASE, value: 'InProgress' }]);
  let order: EffectOrder = { tries: 1, claim: 1, dryRun: plan.dryRun };
  for (;;) {
    const endsAt = Date.now() + plan.timeoutMs; // the time in which people think does not count
    const tried = await tryAll(action, plan, order, endsAt, desk);
    if (tried.result === 'executed') {
      desk.tell(tried.changed ? 'Executed' : 'Rehearsed', plan.summary);
      return { ...tried, endsAt };
    }
    if (tried.result !== 'blocked') return tried;
    const declined = await carryOn(action, plan, tried.message, desk);
    if (declined !== undefined) return { result: 'ended', outcome: declined };
    order = { ...order, tries: tried.tries + 1, claim: order.claim + 1 };
  }
}

/** Tries as the action's retryPolicy says, while there is time for a try and for its verification. */
async function tryAll(
  action: ObjectRef,
  plan: AcceptedPlan,
  first: EffectOrder,
  endsAt: number,
  desk: Desk,
): Promise<Done | NotDone | (Blocked & { readonly tries: number })> {
  const { maxAttempts } = plan.retry;
  for (let used = 1; ; used++) {
    const order = { ...first, tries: first.tries + used - 1 };
    const tried = await once(action, plan, order, endsAt, desk);
    if (tried.result !== 'blocked') return tried;
    const pause = pauseAfter(plan.retry, used);
    const nextAt = Date.now() + (pause ?? 0);
    if (tried.outOfTime === true || pause === undefined || nextAt >= endsAt - proofMs(plan.verification)) {
      const found = await findEffect(action, order.tries);
      return found.result === 'clear' ? { ...tried, tries: order.tries } : afterAll(found);
    }
    desk.show('Executing', `try ${used} of ${maxAttempts}: ${tried.message}`);
    const retry = { tries: order.tries, used, of: maxAttempts, why: tried.message, nextAt };
    await step(`try ${used} of ${maxAttempts} failed: ${tried.message}`).reportRetry(action, retry);
    if (nextAt > Date.now()) await desk.pause(nextAt - Date.now(), `before try ${used + 1} of ${maxAttempts}`);
    const declined = await reserve(action, plan, desk);
    if (declined !== undefined) return giveUp(action, order, declined);
  }
}

/** One try: lost races are run again, a stop ends it before the next. */
async function once(
  action: ObjectRef,
  plan: AcceptedPlan,
  order: EffectOrder,
  endsAt: number,
  desk: Desk,
): Promise<Done | NotDone | Blocked> {
  const since = Date.now();
  let lost = '';
  let untried = order.tries === 1; // nothing can have been claimed yet
  for (let conflicts = 1; ; conflicts++) {
    const stop = desk.stopped();
    if (stop !== undefined) return giveUp(action, order, stop, untried);
    // Past its time the lease may run out while an effect is still being tried.
    if (Date.now() >= endsAt) return { result: 'blocked', message: `out of time${lost}`, outOfTime: true };
    const left = endsAt - Date.now();
    const tried = await effect(order.tries === 1 ? plan.summary : `try ${order.tries}: ${plan.summary}`, left)
      .execute(action, plan.planDigest, order)
      .catch(givenUp);
    untried &&= tried.result === 'conflict' && tried.unclaimed === true;
    if (tried.result === 'continues') {
      const pause = Math.max(tried.retryAfterMs, (Date.now() - since) * LOOK_AGAIN);
      if (Date.now() + pause >= endsAt - proofMs(plan.verification))
        return { result: 'blocked', message: `out of time: ${tried.message}`, outOfTime: true };
      desk.show('Executing', tried.message);
      if (pause > 0) await desk.pause(pause, tried.message);
      conflicts = 0;
      continue;
    }
    if (tried.result !== 'conflict') return tried;
    if (conflicts === MAX_CONFLICTS) return { result: 'blocked', message: tried.message };
    lost = `: ${tried.message}`;
    await sleep(50 * conflicts, { summary: summaryOf(`lost a race, then again: ${tried.message}`) });
  }
}

function givenUp(error: unknown): Blocked {
  if (!(error instanceof ActivityFailure)) throw error;
  return { result: 'blocked', message: error.cause?.message ?? error.message };
}

type Found = Exclude<FenceResult, { result: 'conflict' }>;

/** What became of an effect that may have been begun; afterwards no sleeping attempt can bring it about any more. */
export async function findEffect(action: ObjectRef, tries: number): Promise<Found> {
  let lost = '';
  for (let races = 0; races < MAX_CONFLICTS; races++) {
    const found = await certainly('make sure that no sleeping attempt can still write').fence(action, tries);
    if (found.result !== 'conflict') return found;
    lost = found.message;
    await sleep(1_000, { summary: summaryOf(`lost a race, then again: ${lost}`) });
  }
  return { result: 'unknown', message: lost };
}

/**
 * No further try: ends with `outcome` if nothing happened; but an effect that is there has to be verified. When it
 * is yet `untried`, a record that is gone was never claimed: a claim holds its record.
 */
async function giveUp(
  action: ObjectRef,
  { tries }: EffectOrder,
  outcome: Outcome,
  untried = false,
): Promise<Done | NotDone> {
  const found = await findEffect(action, tries);
  const neverWas = found.result === 'unknown' && found.gone === true && untried;
  return found.result === 'clear' || neverWas ? { result: 'ended', outcome } : afterAll(found);
}

const afterAll = (found: Exclude<Found, { result: 'clear' }>): Done | NotDone =>
  found.result === 'executed'
    ? { ...found, changed: true }
    : { result: 'ended', outcome: { reason: 'NeedsHuman', message: found.message } };

/** Undefined when an operator orders another try, and its slot and lock are held. There is nothing to be taken back here. */
async function carryOn(action: ObjectRef, plan: AcceptedPlan, why: string, desk: Desk): Promise<Outcome | undefined> {
  const ordered = await askOperator(action, 'execute', why, desk);
  if ('outcome' in ordered) return ordered.outcome;
  switch (ordered.command) {
    case 'retry':
      return reserve(action, plan, desk);
    case 'skip':
      return { reason: 'Skipped', message: `skipped by an operator after: ${why}` };
    case 'rollback':
    case 'abort':
      return { reason: 'Aborted', message: `${ordered.command} by an operator after: ${why}` };
  }
}
