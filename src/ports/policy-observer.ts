import type { Observation, ObservationReply } from '../domain/firing.ts';
import type { ObjectRef } from '../domain/target-ref.ts';

/** Where the detector's observations go: one durable workflow per policy. */
export interface PolicyObserverPort {
  /** Starts the policy's workflow if there is none. Rejects when it was not acknowledged: the caller keeps it and tries again. */
  observe(observation: Observation): Promise<ObservationReply>;
  /** The policy no longer exists: its workflow ends. Safe to repeat. */
  policyDeleted(policy: Pick<ObjectRef, 'uid'>): Promise<void>;
  /** Uids of the policies whose workflows have been running for at least `forMs` milliseconds. */
  running(forMs: number): Promise<readonly string[]>;
}
