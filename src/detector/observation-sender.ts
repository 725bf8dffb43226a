import type { Observation } from '../domain/firing.ts';
import type { PolicyObserverPort } from '../ports/policy-observer.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../ports/clock.ts';
import type { DetectorCounters } from './counters.ts';
import type { DetectorTimings } from './timings.ts';
import { firingKey } from './policy-level.ts';

export interface ObservationSenderOptions {
  readonly observer: PolicyObserverPort;
  /** The level as it is now. */
  readonly observation: () => Observation;
  /** Whether the evidence is fresh enough to be sent. */
  readonly fresh: () => boolean;
  readonly clock: Clock;
  readonly timings: DetectorTimings;
  readonly counters: DetectorCounters;
  readonly logger: Logger;
}

/**
 * Tells one policy's workflow its level: at once when other things fire, whole again every minute, one message at a time
 * and always the latest state. What is not acknowledged is tried again, later each time.
 */
export class ObservationSender {
  readonly #options: ObservationSenderOptions;
  #acknowledged: { readonly key: string; readonly at: number } | undefined;
  #sending: Promise<void> | undefined;
  #wanted = false;
  /** Not before this time: after a failure, or because much was sent lately. */
  #notBefore = 0;
  #debt = { firings: 0, at: 0 };
  #failures = 0;
  #cancelTimer = (): void => undefined;
  #stopped = false;

  constructor(options: ObservationSenderOptions) {
    this.#options = options;
  }

  /** Something may have changed. Cheap; any number of calls in one turn make one message. */
  poke(): void {
    if (this.#wanted || this.#stopped) return;
    this.#wanted = true;
    setImmediate(() => {
      this.#proceed();
    });
  }

  /** Sends nothing more; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer();
    await this.#sending;
  }

  #proceed(): void {
    if (this.#sending !== undefined || this.#stopped) return; // the end of the message under way comes back here
    const { clock, timings, fresh, observation } = this.#options;
    this.#cancelTimer();
    const wait = this.#notBefore - clock.now();
    if (wait > 0) {
      this.#later(wait);
      return;
    }
    this.#wanted = false;
    if (!fresh()) return; // poked again when the evidence is
    const next = observation();
    const key = contentKey(next);
    const due = (this.#acknowledged?.at ?? 0) + timings.wholeEveryMs - clock.now();
    if (this.#acknowledged?.key === key && due > 0) this.#later(due);
    else this.#sending = this.#send(next, key);
  }

  async #send(observation: Observation, key: string): Promise<void> {
    const { observer, clock, counters, logger } = this.#options;
    const { policy } = observation;
    try {
      counters.sends += 1;
      await observer.observe(observation);
      const now = clock.now();
      this.#acknowledged = { key, at: now };
      this.#notBefore = now + this.#restMs(observation.firing.length, now);
      if (this.#failures > 0) logger.info({ policy, failures: this.#failures }, 'observations are taken again');
      this.#failures = 0;
    } catch (error) {
      counters.failedSends += 1;
      const delay = this.#backoff();
      this.#notBefore = clock.now() + delay;
      const details = { err: error, policy, firing: observation.firing.length, retryInMs: Math.round(delay) };
      if (this.#failures === 1) logger.warn(details, 'observation not acknowledged; it is kept and sent again');
      else logger.debug(details, 'observation not acknowledged');
    } finally {
      this.#sending = undefined;
    }
    this.#proceed();
  }

  /** The workflow's history keeps 500 bytes per firing: in a storm of large levels, not every change is sent. */
  #restMs(sent: number, now: number): number {
    const { burstFirings, firingsPerSecond } = this.#options.timings;
    const paidBack = ((now - this.#debt.at) / 1_000) * firingsPerSecond;
    this.#debt = { firings: Math.max(0, this.#debt.firings - paidBack) + sent, at: now };
    return (Math.max(0, this.#debt.firings - burstFirings) / firingsPerSecond) * 1_000;
  }

  #backoff(): number {
    const { backoffBaseMs, backoffCapMs } = this.#options.timings;
    const bound = Math.min(backoffCapMs, backoffBaseMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    return bound * (0.5 + Math.random() / 2);
  }

  #later(ms: number): void {
    this.#cancelTimer = this.#options.clock.after(ms, () => {
      this.#proceed();
    });
  }
}

const contentKey = ({ policyGeneration, firing, overflow }: Observation): string =>
  [policyGeneration, overflow > 0, ...firing.map(firingKey)].join('\n');
