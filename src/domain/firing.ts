import type { ObjectRef, TargetRef } from './target-ref.ts';

/** More firings than this are counted, not sent: what matters first is at the front. */
export const MAX_FIRINGS_PER_OBSERVATION = 200;

/** A revision is good once a pod of it has been ready for this long. The API server forgets it; policies do not. */
export const GOOD_AFTER_MS = 60_000;
export const MAX_GOOD_PER_OBSERVATION = 100;

/** A trigger that is true now for one object. A level, not an edge: it is repeated until it is false. */
export interface Firing {
  /** The trigger's name within its policy. */
  readonly trigger: string;
  /** The object on which the trigger is true. */
  readonly subject: TargetRef;
  /** The subject and its controllers (Pod, ReplicaSet, Deployment), those that the policy selects, nearest first. */
  readonly candidates: readonly TargetRef[];
  /** RFC 3339: the time of the write that made the trigger true, by the API server's objects, not by our clock. */
  readonly since: string;
  /** One line for people, at most 256 characters: `container app terminated 3 times, last exit code 1 (Error)`. */
  readonly evidence: string;
}

/** What the detector says of one policy: the whole level, so that a lost or repeated message changes nothing. */
export interface Observation {
  readonly policy: ObjectRef;
  readonly policyGeneration: number;
  /** At most {@link MAX_FIRINGS_PER_OBSERVATION}. */
  readonly firing: readonly Firing[];
  /** How many more firings there are. */
  readonly overflow: number;
  /** How many objects the policy selects, and how many of them are the subject of a firing. */
  readonly selected: number;
  readonly unhealthy: number;
  /** Revisions (uids of ReplicaSets, else as `revisionKey` says) whose pods are ready and have been for long enough to call them good. */
  readonly good: readonly string[];
}

/** Whether it is one: what is no observation must not become what a policy remembers. */
export function isObservation(value: unknown): value is Observation {
  if (typeof value !== 'object' || value === null) return false;
  const { firing, good, policyGeneration, overflow, selected, unhealthy } = value as Partial<
    Record<keyof Observation, unknown>
  >;
  return (
    Array.isArray(firing) &&
    Array.isArray(good) &&
    [policyGeneration, overflow, selected, unhealthy].every((number) => Number.isFinite(number))
  );
}

/** The policy workflow's answer to an observation. */
export interface ObservationReply {
  /** How many firings the workflow now holds. */
  readonly firing: number;
}
