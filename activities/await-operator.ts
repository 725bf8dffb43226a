import { REASONS } from '../src/api/constants.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';
import { asTarget, changed } from './record.ts';

/**
 * Shows that the tries are used up and that a person is waited for. Nothing happened and nothing can happen until then,
 * so the slot and the target's lock are given back.
 */
export async function awaitOperator(
  { actions, events, ledger }: ActivityPorts,
  ref: ObjectRef,
  why: string,
  now: () => Date,
): Promise<void> {
  const message = `${why}. Send the signal "operate" with retry, skip, rollback or abort to workflow ha-${ref.uid}`;
  const updated = await actions.update(ref, (latest) =>
    changed(
      latest,
      {
        set: [
          {
            type: 'Reserved',
            status: 'False',
            reason: REASONS.Reserved.settled,
            message: 'given back while a person is waited for',
          },
          { type: 'Executed', status: 'False', reason: REASONS.Executed.awaitingOperator, message },
        ],
      },
      now().toISOString(),
    ),
  );
  await ledger.settle(ref.uid, false);
  if (updated !== undefined)
    events.record({
      regarding: asTarget(updated),
      type: 'Warning',
      reason: REASONS.Executed.awaitingOperator,
      action: 'Execute',
      note: message,
    });
}
