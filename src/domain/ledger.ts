/** What an action asks of the ledger before its effect. Keys are names, so that re-creating a policy resets nothing. */
export interface ReservationRequest {
  /** The HealingAction's uid: asking twice is asking once. */
  readonly id: string;
  /** `namespace/name` of the policy. */
  readonly policy: string;
  /** `Kind namespace/name` of the target: one action at a time per target. */
  readonly target: string;
  /** Actions that may take effect in any hour; 0 means none. */
  readonly maxActionsPerHour: number;
  /** Milliseconds after which a holder that never settled is taken for dead. */
  readonly leaseMs: number;
}

export type ReservationAnswer =
  | { readonly granted: true }
  | {
      readonly granted: false;
      readonly reason: 'RateLimited' | 'TargetLocked' | 'Rebuilding' | 'AlreadySettled' | 'NoneAllowed';
      readonly message: string;
      /** When to ask again; absent when asking again is pointless. */
      readonly retryAfterMs?: number;
    };

interface Lease {
  readonly policy: string;
  readonly target: string;
  readonly expiresAt: number;
}
/** An action that had, or may have had, an effect. */
interface Settled {
  readonly id: string;
  readonly policy: string;
  readonly at: number;
}

/** Milliseconds since the epoch throughout; the caller's clock (inside a workflow: the workflow's). */
export interface LedgerState {
  readonly version: 1;
  /** Until the past hour has been read back from the actions themselves, nothing is granted. */
  readonly rebuilt: boolean;
  readonly leases: Readonly<Record<string, Lease>>;
  /** Oldest first. A slot is free again one hour after the outcome. */
  readonly settled: readonly Settled[];
}

const HOUR_MS = 3_600_000;
/** Keeps the state below 256 KiB; the oldest go first. */
const MAX_SETTLED = 1_500;
const MIN_RETRY_MS = 250;

export const emptyLedger = (): LedgerState => ({ version: 1, rebuilt: false, leases: {}, settled: [] });

const trim = (settled: readonly Settled[], now: number): Settled[] =>
  settled
    .filter((entry) => entry.at > now - HOUR_MS)
    .sort((a, b) => a.at - b.at)
    .slice(-MAX_SETTLED);

/** A lease that ran out counts as an effect at the moment it ran out: its holder may have acted. */
export function expire(state: LedgerState, now: number): LedgerState {
  const dead = Object.entries(state.leases).filter(([, lease]) => lease.expiresAt <= now);
  if (dead.length === 0) return { ...state, settled: trim(state.settled, now) };
  const leases = Object.fromEntries(Object.entries(state.leases).filter(([, lease]) => lease.expiresAt > now));
  const settled = dead.map(([id, lease]) => ({ id, policy: lease.policy, at: lease.expiresAt }));
  return { ...state, leases, settled: trim([...state.settled, ...settled], now) };
}

/** When the next lease runs out; undefined when there is none. */
export function nextExpiry(state: LedgerState): number | undefined {
  const times = Object.values(state.leases).map((lease) => lease.expiresAt);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Would a reservation be granted now? Binding only in {@link reserve}. */
export function admit(state: LedgerState, request: ReservationRequest, now: number): ReservationAnswer {
  if (!state.rebuilt)
    return { granted: false, reason: 'Rebuilding', message: 'the past hour is being read back', retryAfterMs: 500 };
  if (state.leases[request.id] !== undefined) return { granted: true };
  if (state.settled.some((entry) => entry.id === request.id))
    return { granted: false, reason: 'AlreadySettled', message: 'this action has already been settled' };
  if (request.maxActionsPerHour <= 0)
    return {
      granted: false,
      reason: 'NoneAllowed',
      message: `policy ${request.policy} allows no actions (maxActionsPerHour: 0)`,
    };

  const holder = Object.entries(state.leases).find(([, lease]) => lease.target === request.target);
  if (holder !== undefined)
    return {
      granted: false,
      reason: 'TargetLocked',
      message: `${request.target} is being healed by another action (${holder[0]})`,
      retryAfterMs: Math.max(MIN_RETRY_MS, Math.min(5_000, holder[1].expiresAt - now)),
    };

  const past = state.settled.filter((entry) => entry.policy === request.policy && entry.at > now - HOUR_MS);
  const running = Object.values(state.leases).filter((lease) => lease.policy === request.policy).length;
  if (past.length + running < request.maxActionsPerHour) return { granted: true };
  // The slot that frees next is the oldest settled one that still counts, or a running one, which nobody can foretell.
  const next = past[past.length + running - request.maxActionsPerHour];
  return {
    granted: false,
    reason: 'RateLimited',
    message: `policy ${request.policy} has used its ${request.maxActionsPerHour} actions per hour`,
    retryAfterMs: next === undefined ? 5_000 : Math.max(MIN_RETRY_MS, next.at + HOUR_MS - now),
  };
}

export function reserve(
  state: LedgerState,
  request: ReservationRequest,
  now: number,
): { readonly state: LedgerState; readonly answer: ReservationAnswer } {
  const current = expire(state, now);
  const answer = admit(current, request, now);
  if (!answer.granted) return { state: current, answer };
  const lease = { policy: request.policy, target: request.target, expiresAt: now + request.leaseMs };
  return { state: { ...current, leases: { ...current.leases, [request.id]: lease } }, answer };
}

/** Ends a reservation. Only an action that provably had no effect gives its slot back. Safe to repeat. */
export function settle(state: LedgerState, id: string, hadEffect: boolean, now: number): LedgerState {
  const current = expire(state, now);
  const lease = current.leases[id];
  if (lease === undefined) return current;
  const { [id]: _ended, ...leases } = current.leases;
  if (!hadEffect) return { ...current, leases };
  return { ...current, leases, settled: trim([...current.settled, { id, policy: lease.policy, at: now }], now) };
}

/** Takes over what the actions' own records say about the past hour, e.g. after Temporal's database was lost. */
export function rebuild(state: LedgerState, past: readonly Settled[], now: number): LedgerState {
  const known = new Set(state.settled.map((entry) => entry.id));
  const added = past.filter((entry) => !known.has(entry.id) && state.leases[entry.id] === undefined);
  return { ...state, rebuilt: true, settled: trim([...state.settled, ...added], now) };
}
