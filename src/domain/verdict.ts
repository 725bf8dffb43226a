/** One thing beside the target's own state that was looked at, as it goes into the evidence. */
export interface Check {
  readonly check: string;
  readonly value: string;
  /** Absent: nothing was looked at, and the value says why. */
  readonly verdict?: Exclude<Measurement['state'], 'lost'>;
}

/**
 * One look at the target after the effect. Only causally newer evidence may be `healthy`. `lost`: what would prove it is
 * gone, and waiting brings nothing back.
 */
export interface Measurement {
  readonly state: 'healthy' | 'settling' | 'failed' | 'unknown' | 'lost';
  /** One line for people. */
  readonly detail: string;
  /** Container restarts, of pods that had any: a pod may be well at each look and yet have crashed in between. */
  readonly restarts?: Restarts;
  readonly checks?: readonly Check[];
}

/** By pod; pods without restarts are left out. */
export type Restarts = Readonly<Record<string, number>>;

export interface VerificationRules {
  /** Milliseconds for which the target must stay healthy without a break. */
  readonly windowMs: number;
  /** Milliseconds after which an unproven healing counts as failed. */
  readonly timeoutMs: number;
  /** How long evidence takes to become newer than the effect: measurements look back. Absent: it is at once. */
  readonly settleMs?: number;
}

/** The least time that a proof takes. */
export const proofMs = ({ windowMs, settleMs = 0 }: VerificationRules): number => settleMs + windowMs;

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
  | {
      readonly verdict: 'healed' | 'not-healed' | 'unproven';
      readonly detail: string;
      /** Of the last look. */
      readonly checks?: readonly Check[];
    };

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
  const { state: last, detail = 'not measured', checks } = state.last ?? {};
  const end = (verdict: FinalVerdict['verdict']): FinalVerdict => ({
    verdict,
    detail,
    ...(checks === undefined ? {} : { checks }),
  });
  if (last === 'failed') return end('not-healed');
  if (last === 'lost') return end('unproven');
  if (state.healthySince !== undefined && now - state.healthySince >= rules.windowMs) return end('healed');
  const left = state.startedAt + rules.timeoutMs - now;
  if (left <= 0) return end(last === 'unknown' ? 'unproven' : 'not-healed');
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
