import type { ConditionTrigger } from '../../api/shared.ts';
import type { Earlier } from '../define-trigger.ts';

export type ConditionStatus = NonNullable<ConditionTrigger['status']>;

/** Whether a condition holds for one object, by what the object says and nothing else. */
export type Fact =
  | {
      readonly known: true;
      readonly value: ConditionStatus;
      readonly since: Since;
      readonly evidence: string;
      /** Milliseconds after which time alone may change the value. */
      readonly changesAfterMs?: number;
    }
  /** The object does not say. */
  | { readonly known: false; readonly evidence: string; readonly changesAfterMs?: number };

export const no = (evidence: string): Fact => ({ known: true, value: 'False', since: {}, evidence });

/** Times in milliseconds since the epoch. */
export type Since =
  /** The object keeps the time of the change. */
  | { readonly exact: number }
  /**
   * It keeps less. `newest`: when it became so, if it was not so just before; without it, the time of looking.
   * `oldest`: since when it has been so at least, if nothing is known of before.
   */
  | { readonly newest?: number | undefined; readonly oldest?: number | undefined };

/** The time since which it has been so, from the object and from what the evaluation before saw. */
export function sinceWhen(since: Since, earlier: Earlier | undefined, now: number): number {
  if ('exact' in since) return since.exact;
  if (earlier?.since !== undefined) return Date.parse(earlier.since);
  if (earlier !== undefined) return since.newest ?? now;
  return since.oldest ?? since.newest ?? now;
}

/** Milliseconds since the epoch of a time in an object; undefined if it is missing, unreadable or the epoch, which means never. */
export function timeOf(text: string | null | undefined): number | undefined {
  const ms = text === null || text === undefined ? Number.NaN : Date.parse(text);
  return ms > 0 ? ms : undefined;
}

type Known = Extract<Fact, { readonly known: true }>;

const order = (fact: Known): number =>
  'exact' in fact.since ? fact.since.exact : (fact.since.oldest ?? fact.since.newest ?? Number.POSITIVE_INFINITY);

/** True if any is, then since the longest; false only if all are known to be. */
export function anyOf(facts: readonly Fact[], otherwise: string): Fact {
  const holding = facts.filter((fact): fact is Known => fact.known && fact.value === 'True');
  const [longest] = holding.toSorted((a, b) => order(a) - order(b));
  if (longest !== undefined) return { ...longest, ...soonest(holding) };
  const unknown = facts.find((fact) => !fact.known);
  return unknown ?? no(otherwise);
}

function soonest(facts: readonly Fact[]): { readonly changesAfterMs?: number } {
  const times = facts.flatMap(({ changesAfterMs }) => (changesAfterMs === undefined ? [] : [changesAfterMs]));
  return times.length === 0 ? {} : { changesAfterMs: Math.min(...times) };
}
