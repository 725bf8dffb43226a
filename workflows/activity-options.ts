import type { ActivityOptions } from '@temporalio/workflow';

/** An outage of the API server is outlasted, not failed on; the cap keeps recovery within seconds of its end. */
const OUTAGE = { initialInterval: '250ms', backoffCoefficient: 2, maximumInterval: '5s' } as const;

/** One row per kind of step. Start-to-close finds crashed workers, schedule-to-close bounds every wait. */
export const activityOptions = {
  /** Reads, and writes to our own objects: safe to repeat at any time. */
  bookkeeping: { startToCloseTimeout: '15s', scheduleToCloseTimeout: '24h', retry: OUTAGE },
  /** The effect: each attempt looks for traces of the earlier ones before it writes. */
  effect: { startToCloseTimeout: '20s', scheduleToCloseTimeout: '1h', retry: OUTAGE },
  /** May be slow (a model), may fail: what follows from a failure is decided, not retried for ever. */
  analysis: { startToCloseTimeout: '60s', scheduleToCloseTimeout: '10m', retry: { ...OUTAGE, maximumAttempts: 5 } },
} as const satisfies Record<string, ActivityOptions>;
