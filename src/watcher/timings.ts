/** How the watcher behaves in time, in milliseconds. */
export interface WatcherTimings {
  /** How often everything unfinished that Temporal has not acknowledged, or no longer has, is tried again. */
  readonly redriveEveryMs: number;
  /** Back-off between questions whether Temporal is there again. */
  readonly probeBaseMs: number;
  readonly probeCapMs: number;
  /** A deleted action is held for its workflow at most this long while nobody can finish it. */
  readonly releaseAfterMs: number;
  /** What the watch does not hold is believed to be gone only while the API server has spoken this recently. */
  readonly trustedSilenceMs: number;
  /** Workflows younger than this are not suspected of having lost their action. */
  readonly orphanAfterMs: number;
}

export const defaultTimings: WatcherTimings = {
  redriveEveryMs: 30_000,
  probeBaseMs: 500,
  probeCapMs: 5_000,
  releaseAfterMs: 15 * 60_000,
  trustedSilenceMs: 2 * 60_000,
  orphanAfterMs: 5 * 60_000,
};
