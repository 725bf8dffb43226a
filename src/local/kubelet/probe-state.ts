import type { Probe } from './pod.ts';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';
export type Verdict = 'success' | 'failure';

/** Counts results against the thresholds; pure. */
export class ProbeState {
  readonly #successes: number;
  readonly #failures: number;
  #last: Verdict | undefined;
  #run = 0;

  constructor(probe: Probe) {
    this.#successes = probe.successThreshold ?? 1;
    this.#failures = probe.failureThreshold ?? 3;
  }

  /** The verdict that this result completes, or undefined while it is below its threshold. */
  observe(result: Verdict): Verdict | undefined {
    this.#run = this.#last === result ? this.#run + 1 : 1;
    this.#last = result;
    return this.#run >= (result === 'success' ? this.#successes : this.#failures) ? result : undefined;
  }
}
