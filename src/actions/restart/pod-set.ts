import type { Pod } from '../../api/workloads.ts';
import { protectedObject } from '../../domain/guards/protected-object.ts';
import { isLeaving } from '../pods-of-workload.ts';

/** The pods that a restart replaces, fixed when it is planned: those that come later are none of its business. */
export interface PodSet {
  /** In the order in which they go: name and uid. */
  readonly evict: readonly (readonly [name: string, uid: string])[];
  /** Uids of pods that were there and stay, because they are protected. */
  readonly keep: readonly string[];
}

/** As the plan's `change`. */
export const toChange = (set: PodSet): string => JSON.stringify(set);

export function fromChange(change: string | undefined): PodSet {
  if (change === undefined) throw new Error('the plan of a restart by evictions does not say which pods it is about');
  return JSON.parse(change) as PodSet; // written by `toChange`, and bound to the plan's digest
}

/** The pod's own mark that protects it, in words. */
export const markOn = (pod: Pod): string | undefined =>
  protectedObject({ target: pod, owners: [], namespace: '', protectedNamespaces: [], protectedResources: [] });

const isProtected = (pod: Pod): boolean => markOn(pod) !== undefined;

/** How far the pods of a set have got. */
export interface Progress {
  /** Still to be evicted, in order. */
  readonly left: readonly Pod[];
  /** Evicted, and not gone yet. */
  readonly leaving: readonly Pod[];
  /** Were not evicted: the set's own that got protected since, and those that were left out from the beginning. */
  readonly kept: readonly Pod[];
  /** Came since. */
  readonly fresh: readonly Pod[];
  /** How many of the set are evicted, or went by themselves. */
  readonly done: number;
}

/** `pods` are all of the workload's own, those being deleted included. */
export function progressOf({ evict, keep }: PodSet, pods: readonly Pod[]): Progress {
  const byUid = new Map(pods.map((pod) => [pod.metadata.uid, pod]));
  const present = evict.flatMap(([, uid]) => byUid.get(uid) ?? []);
  const staying = present.filter((pod) => !isLeaving(pod));
  const uids = new Set([...evict.map(([, uid]) => uid), ...keep]);
  return {
    left: staying.filter((pod) => !isProtected(pod)),
    leaving: present.filter(isLeaving),
    kept: [
      ...staying.filter(isProtected),
      ...keep.flatMap((uid) => byUid.get(uid) ?? []).filter((pod) => !isLeaving(pod)),
    ],
    fresh: pods.filter((pod) => !isLeaving(pod) && !uids.has(pod.metadata.uid)),
    done: evict.length - staying.length,
  };
}
