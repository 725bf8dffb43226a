/** How a list-watch behaves in time; milliseconds unless the name says otherwise. */
export interface ListWatchTimings {
  /** Back-off between connection attempts: full jitter between a floor and a bound that doubles from base to cap. */
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  /** A connection that lived this long proves health: the next back-off begins at its base again. */
  readonly healthyAfterMs: number;
  /** A stream that ended cleanly before this age counts as a failure: some servers answer an old version with an empty 200. */
  readonly shortStreamMs: number;
  /** Time for the head of an answer. A server that waits for a version from the future never sends one. */
  readonly headersTimeoutMs: number;
  /** Time for one page of a list. */
  readonly pageTimeoutMs: number;
  /** Longest silence of a stream: bookmarks come about every 60 s, so more means a dead or half-open link. */
  readonly silenceMs: number;
  /** Longest silence before the end of the initial events. */
  readonly initialSilenceMs: number;
  /** The server ends a watch at a random age in this range. */
  readonly watchSeconds: readonly [number, number];
  /** How often to look whether the server's version has gone back (restored backup, other cluster behind the same name). */
  readonly probeEveryMs: number;
  /** Full sync at a random age in this range, whatever the stream told: for the bug that nobody foresaw. */
  readonly resyncEveryMs: readonly [number, number];
  /** A server may ask for patience (`Retry-After`), but not for more than this. */
  readonly retryAfterCapMs: number;
  /** Back-off of a hand-over that failed. */
  readonly redeliveryBaseMs: number;
  readonly redeliveryCapMs: number;
}

export const defaultTimings: ListWatchTimings = {
  backoffBaseMs: 500,
  backoffCapMs: 10_000,
  healthyAfterMs: 60_000,
  shortStreamMs: 5_000,
  headersTimeoutMs: 20_000,
  pageTimeoutMs: 20_000,
  silenceMs: 90_000,
  initialSilenceMs: 20_000,
  watchSeconds: [240, 420],
  probeEveryMs: 300_000,
  resyncEveryMs: [1_800_000, 3_600_000],
  retryAfterCapMs: 30_000,
  redeliveryBaseMs: 500,
  redeliveryCapMs: 10_000,
};

export const between = ([low, high]: readonly [number, number]): number => low + Math.random() * (high - low);
