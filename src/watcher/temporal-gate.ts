import { Backoff } from '../domain/backoff.ts';
import type { Logger } from '../telemetry/logger.ts';

export interface TemporalGateOptions {
  /** Resolves when Temporal answers. */
  readonly ping: () => Promise<void>;
  /** Called each time that Temporal answers again. */
  readonly onOpen: () => void;
  readonly logger: Logger;
  readonly probeBaseMs: number;
  readonly probeCapMs: number;
}

/**
 * Shut while Temporal does not take anything: then one question at a time, further and further apart, asks whether it is
 * there again, instead of every action for itself.
 */
export class TemporalGate {
  readonly #options: TemporalGateOptions;
  readonly #backoff: Backoff;
  #problem: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #probing: Promise<void> | undefined;
  #stopped = false;

  constructor(options: TemporalGateOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ baseMs: options.probeBaseMs, capMs: options.probeCapMs });
  }

  get open(): boolean {
    return this.#problem === undefined;
  }

  /** Why it is shut. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Temporal took something. */
  noteSuccess(): void {
    this.#backoff.reset();
  }

  shut(problem: string): void {
    if (this.#problem === undefined) this.#options.logger.warn({ problem }, 'Temporal cannot be reached: actions wait');
    this.#problem = problem;
    this.#probeLater();
  }

  /** Asks no more; resolves when the question under way has its answer. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#probing;
  }

  #probeLater(): void {
    if (this.#stopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#probing = this.#probe();
    }, this.#backoff.next());
  }

  async #probe(): Promise<void> {
    try {
      await this.#options.ping();
    } catch (error) {
      this.#timer = undefined;
      this.#problem = error instanceof Error ? error.message : String(error);
      this.#probeLater();
      return;
    }
    this.#timer = undefined;
    if (this.#stopped) return;
    this.#problem = undefined;
    this.#options.logger.info('Temporal answers again');
    this.#options.onOpen();
  }
}
