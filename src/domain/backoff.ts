export interface BackoffOptions {
  /** Upper bound of the first delay. */
  readonly baseMs: number;
  /** Upper bound of every delay. */
  readonly capMs: number;
  /** Lower bound of every delay: full jitter alone may choose 0 many times in a row. */
  readonly floorMs?: number;
  /** 0 (inclusive) to 1 (exclusive). */
  readonly random?: () => number;
}

/** Exponential back-off with full jitter: clients that failed together do not come back together. */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Milliseconds to wait after one more failure. */
  next(): number {
    const { baseMs, capMs, floorMs = Math.min(50, baseMs), random = Math.random } = this.#options;
    const bound = Math.min(capMs, baseMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return Math.max(floorMs, random() * bound);
  }

  reset(): void {
    this.#failures = 0;
  }
}
