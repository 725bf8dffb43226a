import { isTerminal, type Outcome } from '../src/domain/outcome.ts';
import type { Ended } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { ending, finalOutcome } from './ending.ts';
import type { ActivityPorts } from './ports.ts';
import { changed, hasBegun } from './record.ts';

/**
 * Ends an action whose workflow has ended before it, unless its effect was claimed. It is a compare-and-swap on the
 * HealingAction, as a claim is: an attempt of the run before may still be on its way to one, and either comes first.
 */
export async function abandon(
  { actions }: Pick<ActivityPorts, 'actions'>,
  ref: ObjectRef,
  now: () => Date,
): Promise<Ended | { readonly result: 'claimed' }> {
  let outcome: Outcome = { reason: 'Deleted', message: 'the HealingAction no longer exists' };
  const updated = await actions.update(ref, (latest) => {
    outcome =
      latest.metadata.deletionTimestamp === undefined
        ? { reason: 'Aborted', message: 'its workflow ended before it had an effect' }
        : { reason: 'Deleted', message: 'the HealingAction was deleted before it had an effect' };
    if (hasBegun(latest)) return undefined;
    const time = now().toISOString();
    return changed(latest, ending(latest, outcome, time), time);
  });
  if (updated === undefined) return { result: 'ended', outcome };
  const { conditions } = updated.status ?? {};
  return isTerminal(conditions)
    ? { result: 'ended', outcome: finalOutcome(conditions, outcome) }
    : { result: 'claimed' };
}
