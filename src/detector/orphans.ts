import type { Clock } from '../ports/clock.ts';
import type { PolicyObserverPort } from '../ports/policy-observer.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { DetectorTimings } from './timings.ts';

export interface OrphansOptions {
  readonly observer: Pick<PolicyObserverPort, 'running' | 'policyDeleted'>;
  readonly clock: Clock;
  readonly timings: Pick<DetectorTimings, 'orphansEveryMs' | 'orphanAfterMs'>;
  readonly logger: Logger;
  /** Whether there is a policy of this uid. */
  readonly exists: (uid: string) => boolean;
  /** Whether what is not known does not exist. */
  readonly certain: () => boolean;
}

/** Ends the workflows of policies that went away while nobody watched: no event tells of those. */
export class Orphans {
  readonly #options: OrphansOptions;
  #cancel = (): void => undefined;
  #looking: Promise<void> | undefined;

  constructor(options: OrphansOptions) {
    this.#options = options;
  }

  /** Looks now, and again and again. */
  start(): void {
    const { clock, timings, logger } = this.#options;
    this.#cancel();
    this.#cancel = clock.after(timings.orphansEveryMs, () => {
      this.start();
    });
    this.#looking ??= this.#look()
      .catch((error: unknown) => {
        logger.debug({ err: error }, 'workflows without a policy not looked for');
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  /** Resolves when no message is under way any more. */
  async stop(): Promise<void> {
    this.#cancel();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { observer, timings, logger, exists, certain } = this.#options;
    const running = await observer.running(timings.orphanAfterMs);
    const orphans = running.filter((uid) => !exists(uid));
    if (orphans.length === 0 || !certain()) return;
    for (const uid of orphans) await observer.policyDeleted({ uid });
    logger.info({ count: orphans.length }, 'workflows told that their policies are gone');
  }
}
