import type { Marker } from '../src/actions/define-action.ts';
import type { WriteResult } from '../src/ports/cluster.ts';
import type { Attempt } from './attempt.ts';
import { writePinned } from './pinned-write.ts';
import type { ActivityPorts } from './ports.ts';
import type { Doable } from './record-effect.ts';

/** The effect, preceded by its claim on the target where it cannot carry the marker itself. */
export async function perform(
  { cluster }: Pick<ActivityPorts, 'cluster'>,
  effect: Doable,
  marker: Marker,
  attempt: Pick<Attempt, 'auditId' | 'deadline'>,
  dryRun: boolean,
): Promise<WriteResult> {
  const options = { auditId: attempt.auditId, dryRun, deadline: attempt.deadline };
  if (effect.claim === undefined) return cluster.write(effect.write, options);
  // Also if it is there already: a claim that changes nothing tells the version that the target has in this moment,
  // and on a target whose status is written all the time only such a moment is short enough.
  const claimed = await cluster.write(effect.claim, { ...options, auditId: `${attempt.auditId}/claim` });
  if (claimed.result !== 'written') return claimed;
  // An eviction of a Pending pod whose uid alone does not fit is tried over and over by the API server itself.
  // A deletion must come after the claim, and after nothing else.
  const { write } = effect;
  return !dryRun && (write.type === 'evict' || write.type === 'delete')
    ? writePinned(cluster, write, claimed.object, marker, options)
    : cluster.write(write, options);
}
