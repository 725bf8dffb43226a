/** `spec.retryPolicy`: tries to achieve the one effect. */
export interface RetryRules {
  /** The first one included. */
  readonly maxAttempts: number;
  readonly backoffMs: number;
  readonly multiplier: number;
}

const MAX_PAUSE_MS = 30 * 60_000;

/** Milliseconds between the end of the last try and the next, after `used` tries; undefined when they are used up. */
export function pauseAfter({ maxAttempts, backoffMs, multiplier }: RetryRules, used: number): number | undefined {
  if (used >= maxAttempts) return undefined;
  // 0 stays 0, also times infinity.
  return backoffMs === 0 ? 0 : Math.min(MAX_PAUSE_MS, backoffMs * multiplier ** (used - 1));
}
