/** Time, so that what waits for a minute can be tested in no time. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Runs once after `ms` milliseconds, or earlier if that is longer than a timer can wait. Returns how to call it off. */
  after(ms: number, run: () => void): () => void;
}
