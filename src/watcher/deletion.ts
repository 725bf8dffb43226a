import { FINALIZER } from '../api/constants.ts';
import type { HealingAction } from '../api/healing-action.ts';
import { isTerminal } from '../domain/outcome.ts';
import type { ObjectRef } from '../domain/target-ref.ts';
import type { ClusterReader } from '../ports/cluster.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { ActionRecords } from '../ports/records.ts';
import { isBeingDeleted } from './ending-namespace.ts';
import { releaseJobsOf, type JobCluster } from './held-jobs.ts';

export interface ReleaseDependencies {
  readonly actions: Pick<ActionRecords, 'read' | 'release'>;
  readonly cluster: Pick<ClusterReader, 'get'> & JobCluster;
  readonly events: EventRecorder;
  readonly releaseAfterMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Who could finish the action, and does not: nobody knows (`unreachable`), or its workflow has ended (`closed`). */
export type Abandonment = 'unreachable' | 'closed';

/**
 * Lets a deleted action go that nobody will finish. The finalizer holds it so that an effect is verified or rolled back
 * first, but not at any price: namespaces must not wait for ever for a Temporal that does not come back. Returns why it
 * was let go, or undefined when it is still held, or nothing holds it.
 */
export async function releaseAbandoned(
  { actions, cluster, events, releaseAfterMs, now }: ReleaseDependencies,
  ref: ObjectRef,
  abandonment: Abandonment,
): Promise<string | undefined> {
  const action = await actions.read(ref); // the watch may be behind, and a claim may have come since
  if (action === undefined || !isHeld(action)) return undefined;
  const why = reasonWithoutNamespace(action, abandonment, now(), releaseAfterMs) ?? (await ofNamespace(cluster, ref));
  if (why === undefined) return undefined;
  const jobs = await releaseJobsOf(cluster, ref); // before the action: nobody looks for them by an action that is gone
  await actions.release(ref);
  const from = ['the deleted action', ...jobs.map((name) => `its Job ${name}`)].join(' and ');
  events.record({
    regarding: { apiVersion: action.apiVersion, kind: action.kind, ...ref },
    type: 'Warning',
    reason: 'FinalizerRemoved',
    action: 'Release',
    note: `${WHO[abandonment]}: ${FINALIZER} removed from ${from}, because ${why}`,
  });
  return why;
}

const WHO: Readonly<Record<Abandonment, string>> = {
  unreachable: 'Temporal cannot be reached',
  closed: 'the workflow of the action has ended without removing it',
};

const isHeld = ({ metadata: { deletionTimestamp, finalizers } }: HealingAction): boolean =>
  deletionTimestamp !== undefined && finalizers?.includes(FINALIZER) === true;

function reasonWithoutNamespace(
  { metadata, status }: HealingAction,
  abandonment: Abandonment,
  now: number,
  releaseAfterMs: number,
): string | undefined {
  if (status?.claim === undefined) return 'it has had no effect';
  if (abandonment === 'closed' && isTerminal(status.conditions)) return 'it has ended';
  const deletedFor = now - Date.parse(metadata.deletionTimestamp ?? '');
  return deletedFor >= releaseAfterMs
    ? `its deletion has waited for ${Math.floor(deletedFor / 60_000)} minutes; its change may neither be verified nor rolled back`
    : undefined;
}

const ofNamespace = async (
  cluster: Pick<ClusterReader, 'get'>,
  { namespace }: ObjectRef,
): Promise<string | undefined> =>
  (await isBeingDeleted(cluster, namespace)) ? `namespace ${namespace} is being deleted` : undefined;
