/** Upper bounds of the latency buckets, in milliseconds; one more bucket takes what is slower. */
export const LATENCY_BOUNDS_MS = [0.1, 0.5, 1, 5, 10, 50, 250] as const;

/** What a detector has done since it started. */
export interface DetectorFigures {
  /** Changes of objects and policies that the watches reported. */
  readonly events: number;
  /** Triggers asked about one object. */
  readonly evaluations: number;
  readonly sends: number;
  readonly failedSends: number;
  /** From a reported change to the end of all evaluations that it caused. */
  readonly latency: {
    readonly sumMs: number;
    readonly maxMs: number;
    /** How many took at most the bound of the same index, and more than the one before. */
    readonly buckets: readonly number[];
  };
}

export class DetectorCounters {
  events = 0;
  evaluations = 0;
  sends = 0;
  failedSends = 0;
  #sumMs = 0;
  #maxMs = 0;
  readonly #buckets = new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0);

  /** One reported change, and how long (milliseconds) its evaluation took. */
  took(ms: number): void {
    this.events += 1;
    this.#sumMs += ms;
    this.#maxMs = Math.max(this.#maxMs, ms);
    const bound = LATENCY_BOUNDS_MS.findIndex((limit) => ms <= limit);
    const index = bound === -1 ? LATENCY_BOUNDS_MS.length : bound;
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
  }

  read(): DetectorFigures {
    const { events, evaluations, sends, failedSends } = this;
    const latency = { sumMs: this.#sumMs, maxMs: this.#maxMs, buckets: [...this.#buckets] };
    return { events, evaluations, sends, failedSends, latency };
  }
}
