/** How the watcher behaves in time, in milliseconds. */
export interface WatcherTimings {
  /** How often Temporal's workflows are compared with the actions, and what it has not acknowledged is tried again. */
  readonly redriveEveryMs: number;
  /** Back-off between questions whether Temporal is there again. */
  readonly probeBaseMs: number;
  readonly probeCapMs: number;
  /** A deleted action is held for its workflow at most this long while nobody can finish it. */
  readonly releaseAfterMs: number;
}

export const defaultTimings: WatcherTimings = {
  redriveEveryMs: 30_000,
  probeBaseMs: 500,
  probeCapMs: 5_000,
  releaseAfterMs: 15 * 60_000,
};
