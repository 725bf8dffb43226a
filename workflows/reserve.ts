import type { Outcome } from '../src/domain/outcome.ts';
import type { AcceptedPlan, SlotAnswer } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { step } from './activity-options.ts';
import type { Desk } from './desk.ts';

/** Longer than this nobody waits for a slot. */
const PATIENCE_MS = 24 * 3_600_000;
/** Of the time waited so far, the share after which the ledger is asked again: a history is bounded. */
const ASK_AGAIN = 1 / 10;

/** What a step that asks the ledger shows in Temporal's UI. A slot and a lock that it grants are held from then on. */
export const whatIsReserved = ({ reservation: { policy, target } }: AcceptedPlan): string =>
  `reserve a slot of ${policy} and the lock of ${target}`;

/**
 * A slot of the policy's limit and the lock of the target; undefined when they are held. Asked again, it keeps them alive.
 * `first` is what the ledger has answered already.
 */
export async function reserve(
  action: ObjectRef,
  plan: AcceptedPlan,
  desk: Desk,
  first?: SlotAnswer,
): Promise<Outcome | undefined> {
  const since = Date.now();
  const { policy, target } = plan.reservation;
  const until = Math.min(since + PATIENCE_MS, plan.expiresAt ?? Number.POSITIVE_INFINITY);
  for (let answer = first; ; answer = undefined) {
    if (desk.stopped() !== undefined) return desk.stopped();
    answer ??= await step(whatIsReserved(plan)).reserve(action, plan.reservation);
    if (answer.granted) {
      desk.tell('Reserved', `a slot of ${policy} and the lock of ${target}`);
      return undefined;
    }
    if ('gone' in answer) return { reason: 'Deleted', message: answer.message };
    if (answer.retryAfterMs === undefined) return { reason: 'Refused', message: answer.message };
    const waited = Date.now() - since;
    const left = until - Date.now();
    if (left <= 0) return { reason: 'Expired', message: `no slot in time: ${answer.message}` };
    desk.show('AwaitingReservation', answer.message);
    const pause = Math.min(left, Math.max(answer.retryAfterMs, waited * ASK_AGAIN));
    await desk.pause(pause, `ask again for a slot: ${answer.message}`);
  }
}
