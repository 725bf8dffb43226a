/** One look at the target after the effect. Only causally newer evidence may be `healthy`. */
export interface Measurement {
  readonly state: 'healthy' | 'settling' | 'failed' | 'unknown';
  /** One line for people. */
  readonly detail: string;
  /** Container restarts, of pods that had any: a pod may be well at each look and yet have crashed in between. */
  readonly restarts?: Restarts;
}

/** By pod; pods without restarts are left out. */
export type Restarts = Readonly<Record<string, number>>;

export interface VerificationRules {
  /** Milliseconds for which the target must stay healthy without a break. */
  readonly windowMs: number;
  /** Milliseconds after which an unproven healing counts as failed. */
  readonly timeoutMs: number;
}

export interface VerificationState {
  readonly startedAt: number;
  /** Since when it has been healthy without a break; undefined while it is not. */
  readonly healthySince: number | undefined;
  readonly last: Measurement | undefined;
  /** As they were at the last look that counted them; before the first, as they were before the effect. */
  readonly restarts: Restarts;
}

export type Verdict =
  | { readonly verdict: 'running'; readonly nextInMs: number }
  | { readonly verdict: 'healed' | 'not-healed' | 'unproven'; readonly detail: string };

export type FinalVerdict = Exclude<Verdict, { verdict: 'running' }>;

export const startVerification = (now: number, restarts: Restarts = {}): VerificationState => ({
  startedAt: now,
  healthySince: undefined,
  last: undefined,
  restarts,
});

/**
 * Time is an argument (milliseconds): inside a workflow it is the workflow's. A restart breaks the window, not the healing:
 * from then on the target has to stay well for the whole window again.
 */
export function observe(state: VerificationState, measurement: Measurement, now: number): VerificationState {
  const { restarts = state.restarts } = measurement;
  const restarted = Object.entries(restarts).some(([pod, count]) => count > (state.restarts[pod] ?? 0));
  const since = restarted ? now : (state.healthySince ?? now);
  return {
    startedAt: state.startedAt,
    healthySince: measurement.state === 'healthy' ? since : undefined,
    last: measurement,
    restarts,
  };
}

const MIN_INTERVAL_MS = 500;
const MAX_INTERVAL_MS = 15_000;
/** Every look is a step in the workflow's history, which is bounded: the longer the wait, the rarer the looks. */
const PATIENCE = 20;

/** Unknown never passes: it breaks the window, and a healing that stays unknown until the end is unproven. */
export function assess(state: VerificationState, rules: VerificationRules, now: number): Verdict {
  const detail = state.last?.detail ?? 'not measured';
  if (state.last?.state === 'failed') return { verdict: 'not-healed', detail };
  if (state.healthySince !== undefined && now - state.healthySince >= rules.windowMs)
    return { verdict: 'healed', detail };
  const left = state.startedAt + rules.timeoutMs - now;
  if (left <= 0)
    return state.last?.state === 'unknown' ? { verdict: 'unproven', detail } : { verdict: 'not-healed', detail };
  const patient = (now - state.startedAt) / PATIENCE;
  const wanted =
    state.healthySince === undefined
      ? Math.max(patient, Math.min(MAX_INTERVAL_MS, rules.windowMs / 5))
      : Math.min(
          state.healthySince + rules.windowMs - now,
          Math.max(patient, Math.min(MAX_INTERVAL_MS, rules.windowMs / 3)),
        );
  return { verdict: 'running', nextInMs: Math.min(left, Math.max(MIN_INTERVAL_MS, wanted)) };
}
