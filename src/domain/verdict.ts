/** One look at the target after the effect. Only causally newer evidence may be `healthy`. */
export interface Measurement {
  readonly state: 'healthy' | 'settling' | 'failed' | 'unknown';
  /** One line for people. */
  readonly detail: string;
}

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
}

export type Verdict =
  | { readonly verdict: 'running'; readonly nextInMs: number }
  | { readonly verdict: 'healed' | 'not-healed' | 'unproven'; readonly detail: string };

export type FinalVerdict = Exclude<Verdict, { verdict: 'running' }>;

export const startVerification = (now: number): VerificationState => ({
  startedAt: now,
  healthySince: undefined,
  last: undefined,
});

/** Time is an argument (milliseconds): inside a workflow it is the workflow's. */
export function observe(state: VerificationState, measurement: Measurement, now: number): VerificationState {
  return {
    startedAt: state.startedAt,
    healthySince: measurement.state === 'healthy' ? (state.healthySince ?? now) : undefined,
    last: measurement,
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
