/** In milliseconds where nothing else is said. */
export interface DetectorTimings {
  /** The whole level is sent again at least this often. */
  readonly wholeEveryMs: number;
  /** A watch that heard nothing for longer, bookmarks included, is no evidence. */
  readonly staleAfterMs: number;
  /** How often the watches are looked at. */
  readonly checkEveryMs: number;
  /** Firings that one policy's workflow may be sent in a burst, and per second in the long run. */
  readonly burstFirings: number;
  readonly firingsPerSecond: number;
  /** First and longest pause after a message that was not acknowledged. */
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  /** How often workflows are looked for whose policy is gone, and how long one must have run to be suspected. */
  readonly orphansEveryMs: number;
  readonly orphanAfterMs: number;
}

export const defaultTimings: DetectorTimings = {
  wholeEveryMs: 60_000,
  staleAfterMs: 120_000,
  checkEveryMs: 5_000,
  burstFirings: 2_000,
  firingsPerSecond: 400,
  backoffBaseMs: 250,
  backoffCapMs: 10_000,
  orphansEveryMs: 3_600_000,
  orphanAfterMs: 300_000,
};
