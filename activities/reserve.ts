import type { ReservationAnswer, ReservationRequest } from '../src/domain/ledger.ts';
import type { SlotAnswer } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, changed } from './record.ts';

/** Asks the ledger for a slot and the target's lock. */
export const reserve = async (
  ports: Pick<ActivityPorts, 'actions' | 'events' | 'ledger'>,
  ref: ObjectRef,
  request: ReservationRequest,
  now: () => Date,
): Promise<SlotAnswer> => showSlot(ports, ref, await ports.ledger.reserve(request), now);

/** What the ledger has not granted shows in the status while the action waits. */
export async function showSlot(
  { actions, events }: Pick<ActivityPorts, 'actions' | 'events'>,
  ref: ObjectRef,
  answer: ReservationAnswer,
  now: () => Date,
): Promise<SlotAnswer> {
  if (answer.granted) return answer; // `execute` writes it down together with the claim: one write less before the effect
  const updated = await actions.update(ref, (latest) =>
    changed(
      latest,
      { set: [{ type: 'Reserved', status: 'False', reason: answer.reason, message: answer.message }] },
      now().toISOString(),
    ),
  );
  // Nobody may have told its workflow: with a controller that was down when it went.
  if (updated === undefined) return { granted: false, gone: true, message: 'the HealingAction no longer exists' };
  events.record({
    regarding: asTarget(updated),
    type: 'Normal',
    reason: answer.reason,
    action: 'Reserve',
    note: answer.message, // the same again is the same Event
  });
  return answer;
}

/** Gives back what was granted; a slot that was never used is free at once. */
export const release = ({ ledger }: Pick<ActivityPorts, 'ledger'>, { uid }: ObjectRef): Promise<void> =>
  ledger.settle(uid, false);
