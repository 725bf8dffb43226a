import type { ReservationAnswer, ReservationRequest } from '../src/domain/ledger.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';
import { changed } from './record.ts';

/** Asks the ledger for a slot and the target's lock; what it answers shows in the status while the action waits. */
export async function reserve(
  { actions, ledger }: ActivityPorts,
  ref: ObjectRef,
  request: ReservationRequest,
  now: () => Date,
): Promise<ReservationAnswer> {
  const answer = await ledger.reserve(request);
  if (answer.granted) return answer; // `execute` writes it down together with the claim: one write less before the effect
  await actions.update(ref, (latest) =>
    changed(
      latest,
      { set: [{ type: 'Reserved', status: 'False', reason: answer.reason, message: answer.message }] },
      now().toISOString(),
    ),
  );
  return answer;
}
