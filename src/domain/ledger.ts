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
  /** Milliseconds after which a holder that never settled is taken for dead. Asking again begins them anew. */
  readonly leaseMs: number;
}

/** Whether it is one: a lease without an end, or a limit that is no number, would hold for ever. */
export function isReservationRequest(value: unknown): value is ReservationRequest {
  if (typeof value !== 'object' || value === null) return false;
  const { id, policy, target, maxActionsPerHour, leaseMs } = value as Partial<
    Record<keyof ReservationRequest, unknown>
  >;
  return (
    [id, policy, target].every((text) => typeof text === 'string' && text !== '') &&
    [maxActionsPerHour, leaseMs].every((number) => Number.isFinite(number))
  );
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
  /** When it ended. */
  readonly at: number;
  /** Its holder has not been heard of since its lease ran out, and may yet say what came of it. */
  readonly expired?: true;
}

/** An effect as the record of its action shows it. */
export interface PastEffect {
  readonly id: string;
  /** `namespace/name` of the policy. */
  readonly policy: string;
  /** Milliseconds since the epoch: when the action ended, or else when it acted. */
  readonly at: number;
  /** Of an action that has not ended: what it holds. */
  readonly holds?: { readonly target: string; readonly leaseMs: number };
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
/** How far back a new ledger looks for effects: its longest window, and what clocks may differ by. */
export const LOOK_BACK_MS = 2 * HOUR_MS;
/** Actions kept in mind, so that the state stays small; beyond that nothing is granted: what is forgotten is not limited. */
export const LEDGER_CAPACITY = 1_000;
const MIN_RETRY_MS = 250;

export const emptyLedger = (): LedgerState => ({ version: 1, rebuilt: false, leases: {}, settled: [] });

const trim = (settled: readonly Settled[], now: number): Settled[] =>
  settled.filter((entry) => entry.at > now - HOUR_MS).sort((a, b) => a.at - b.at);

/** A lease that ran out counts as an effect at the moment it ran out: its holder may have acted. */
export function expire(state: LedgerState, now: number): LedgerState {
  const dead = Object.entries(state.leases).filter(([, lease]) => lease.expiresAt <= now);
  if (dead.length === 0) return { ...state, settled: trim(state.settled, now) };
  const leases = Object.fromEntries(Object.entries(state.leases).filter(([, lease]) => lease.expiresAt > now));
  const settled = dead.map(([id, { policy, expiresAt }]) => ({ id, policy, at: expiresAt, expired: true }) as const);
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
  const recent = state.settled.filter((entry) => entry.at > now - HOUR_MS);
  if (recent.some(({ id, expired }) => id === request.id && expired !== true))
    return { granted: false, reason: 'AlreadySettled', message: 'this action has already been settled' };
  const counted = recent.filter(({ id }) => id !== request.id); // taken for dead, it asks again: it counts once
  if (request.maxActionsPerHour <= 0)
    return {
      granted: false,
      reason: 'NoneAllowed',
      message: `policy ${request.policy} allows no actions (maxActionsPerHour: 0)`,
    };

  const leases = Object.entries(state.leases);
  const holder = leases.find(([, lease]) => lease.target === request.target);
  if (holder !== undefined)
    return {
      granted: false,
      reason: 'TargetLocked',
      message: `${request.target} is being healed by another action (${holder[0]})`,
      retryAfterMs: Math.max(MIN_RETRY_MS, Math.min(5_000, holder[1].expiresAt - now)),
    };

  const past = counted.filter((entry) => entry.policy === request.policy);
  const running = leases.filter(([, lease]) => lease.policy === request.policy).length;
  if (past.length + running >= request.maxActionsPerHour)
    return limited(
      `policy ${request.policy} has used its ${request.maxActionsPerHour} actions per hour`,
      // The slot that frees next is the oldest settled one that still counts, or a running one, which nobody can foretell.
      past[past.length + running - request.maxActionsPerHour],
      now,
    );
  if (counted.length + leases.length >= LEDGER_CAPACITY)
    return limited(
      `all policies together have used the ${LEDGER_CAPACITY} actions per hour that can be kept in mind`,
      counted[counted.length + leases.length - LEDGER_CAPACITY],
      now,
    );
  return { granted: true };
}

const limited = (message: string, next: Settled | undefined, now: number): ReservationAnswer => ({
  granted: false,
  reason: 'RateLimited',
  message,
  retryAfterMs: next === undefined ? 5_000 : Math.max(MIN_RETRY_MS, next.at + HOUR_MS - now),
});

export function reserve(
  state: LedgerState,
  request: ReservationRequest,
  now: number,
): { readonly state: LedgerState; readonly answer: ReservationAnswer } {
  const current = expire(state, now);
  const answer = admit(current, request, now);
  if (!answer.granted) return { state: current, answer };
  const lease = { policy: request.policy, target: request.target, expiresAt: now + request.leaseMs };
  const settled = current.settled.filter(({ id }) => id !== request.id);
  return { state: { ...current, settled, leases: { ...current.leases, [request.id]: lease } }, answer };
}

/** Ends a reservation. Only an action that provably had no effect gives its slot back. Safe to repeat. */
export function settle(state: LedgerState, id: string, hadEffect: boolean, now: number): LedgerState {
  const current = expire(state, now);
  const { [id]: lease, ...leases } = current.leases;
  // Taken for dead, and heard of after all: what it says replaces what was assumed, so that it counts once.
  const assumed = current.settled.find((entry) => entry.id === id && entry.expired === true);
  const holder = lease ?? assumed;
  if (holder === undefined) return current;
  const others = current.settled.filter((entry) => entry.id !== id);
  const settled = hadEffect ? [...others, { id, policy: holder.policy, at: now }] : others;
  return { ...current, leases, settled: trim(settled, now) };
}

/** Takes over what the actions' own records say about the past hour, e.g. after Temporal's database was lost. */
export function rebuild(state: LedgerState, past: readonly PastEffect[], now: number): LedgerState {
  const known = new Set([...state.settled.map((entry) => entry.id), ...Object.keys(state.leases)]);
  const news = past.filter((entry) => !known.has(entry.id));
  const held = news.flatMap(({ id, policy, holds }) =>
    holds === undefined ? [] : [[id, { policy, target: holds.target, expiresAt: now + holds.leaseMs }] as const],
  );
  const ended = news.filter(({ holds }) => holds === undefined).map(({ id, policy, at }) => ({ id, policy, at }));
  return {
    ...state,
    rebuilt: true,
    leases: { ...state.leases, ...Object.fromEntries(held) },
    settled: trim([...state.settled, ...ended], now),
  };
}
