import type { Observation, ObservationReply } from '../../src/domain/firing.ts';
import type { ObjectRef } from '../../src/domain/target-ref.ts';
import type { PolicyObserverPort } from '../../src/ports/policy-observer.ts';

/** Keeps what it is told; can be slow and can fail. */
export class RecordingObserver implements PolicyObserverPort {
  readonly observations: Observation[] = [];
  readonly deleted: Pick<ObjectRef, 'uid'>[] = [];
  /** Uids of the policies that have a workflow. */
  workflows: string[] = [];
  /** Calls that have not been answered. */
  inFlight = 0;
  mostInFlight = 0;
  /** The next so many calls are refused. */
  refuse = 0;
  #gate: Promise<void> = Promise.resolve();
  #open = (): void => undefined;

  /** Lets no call be answered until the returned function is called. */
  hold(): () => void {
    this.#gate = new Promise((resolve) => (this.#open = resolve));
    return this.#open;
  }

  async observe(observation: Observation): Promise<ObservationReply> {
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      await this.#gate;
      this.#mayRefuse();
      this.observations.push(observation);
      return { firing: observation.firing.length };
    } finally {
      this.inFlight -= 1;
    }
  }

  async running(): Promise<readonly string[]> {
    return this.workflows;
  }

  async policyDeleted(policy: Pick<ObjectRef, 'uid'>): Promise<void> {
    this.#mayRefuse();
    this.deleted.push(policy);
  }

  get last(): Observation | undefined {
    return this.observations.at(-1);
  }

  #mayRefuse(): void {
    if (this.refuse === 0) return;
    this.refuse -= 1;
    throw new Error('14 UNAVAILABLE: Temporal cannot be reached');
  }
}
