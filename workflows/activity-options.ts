import { proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';

/** An outage of the API server is outlasted, not failed on; the cap keeps recovery within seconds of its end. */
const OUTAGE = { initialInterval: '250ms', backoffCoefficient: 2, maximumInterval: '5s' } as const;

const EFFECT_TRIES_MS = { least: 20_000, most: 300_000 } as const;

/** A worker that was killed is noticed after this. Longer than a busy one is silent. */
const SILENCE = '6s';

/**
 * One row per kind of step. Heartbeats find crashed workers where two attempts may run at once, start-to-close elsewhere;
 * schedule-to-close bounds the wait for servers.
 */
const activityOptions = {
  /** Reads, and writes to our own objects: safe to repeat at any time. */
  bookkeeping: {
    startToCloseTimeout: '15s',
    heartbeatTimeout: SILENCE,
    scheduleToCloseTimeout: '24h',
    retry: OUTAGE,
  },
  /** The effect: each attempt looks for traces of the earlier ones before it writes. Shorter than the lease it acts under. */
  effect: { startToCloseTimeout: '20s', scheduleToCloseTimeout: EFFECT_TRIES_MS.most, retry: OUTAGE },
  /** Without which the story cannot end, or an entity not go on: tried for as long as it takes. */
  certain: { startToCloseTimeout: '20s', retry: OUTAGE },
  /** May be slow (a model); a model that fails is an answer too. */
  analysis: {
    startToCloseTimeout: '60s',
    heartbeatTimeout: SILENCE,
    scheduleToCloseTimeout: '24h',
    retry: OUTAGE,
  },
} as const satisfies Record<string, ActivityOptions>;

const SUMMARY_LIMIT = 200;
/** One line, as long as Temporal takes it. */
export const summaryOf = (text: string): string => text.replace(/\s+/g, ' ').slice(0, SUMMARY_LIMIT);
const withSummary = (options: ActivityOptions) => (summary: string) =>
  proxyActivities<Activities>({ ...options, summary: summaryOf(summary) });

/** The steps, called with the line that Temporal's UI shows for them: `step('…').accept(action)`. */
export const step = withSummary(activityOptions.bookkeeping);
/** With less time left than the usual it is given up earlier, but never before one attempt has had its chance. */
export const effect = (summary: string, leftMs: number) => {
  const { least, most } = EFFECT_TRIES_MS;
  const scheduleToCloseTimeout = Math.min(most, Math.max(least, leftMs));
  // Who is silent for so long claims nothing any more.
  return withSummary({ ...activityOptions.effect, heartbeatTimeout: SILENCE, scheduleToCloseTimeout })(summary);
};
/** The way back: one attempt at a time, for it announces itself without a lease. */
export const wayBack = withSummary(activityOptions.effect);
export const certainly = withSummary(activityOptions.certain);
export const analysis = withSummary(activityOptions.analysis);
