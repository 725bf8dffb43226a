import { LOOK_BACK_MS } from './ledger.ts';

/** A finished action that a policy has made. Times are milliseconds since the epoch. */
export interface FinishedAction {
  readonly uid: string;
  readonly endedAt: number;
  /** It had, or may have had, an effect: limits are rebuilt from its record. */
  readonly acted: boolean;
}

export interface RetentionRules {
  /** `spec.ttlAfterFinished` in milliseconds. */
  readonly ttlMs: number;
  /** The longest cooldown of the policy's triggers, in milliseconds: it is rebuilt from the records as well. */
  readonly cooldownMs: number;
}

/** Finished actions of one policy that are kept at most, however young. */
export const KEPT_PER_POLICY = 100;
/** Whoever waits for an end has seen it by then, the policy's workflow included. */
const SEEN_BY_ALL_MS = 10 * 60_000;

/** Of one policy: what may be removed now, oldest first, and when (milliseconds since the epoch) the next one may. */
export function removable(
  actions: readonly FinishedAction[],
  rules: RetentionRules,
  now: number,
): { readonly due: readonly string[]; readonly nextAt: number | undefined } {
  const newestFirst = actions.toSorted((a, b) => b.endedAt - a.endedAt || (a.uid < b.uid ? 1 : -1));
  const times = newestFirst.map((action, rank) => ({ uid: action.uid, at: keptUntil(action, rank, rules) }));
  const later = times.filter(({ at }) => at > now).map(({ at }) => at);
  return {
    due: times.flatMap(({ uid, at }) => (at <= now ? [uid] : [])).reverse(),
    nextAt: later.length === 0 ? undefined : Math.min(...later),
  };
}

function keptUntil({ endedAt, acted }: FinishedAction, rank: number, { ttlMs, cooldownMs }: RetentionRules): number {
  const wanted = rank < KEPT_PER_POLICY ? ttlMs : 0;
  return endedAt + Math.max(wanted, SEEN_BY_ALL_MS, cooldownMs, acted ? LOOK_BACK_MS : 0);
}
