import { createHash } from 'node:crypto';
import { ACTION_CONDITIONS } from '../src/api/constants.ts';
import type { AuditEntry, HealingAction, HealingActionStatus } from '../src/api/healing-action.ts';
import { healingActionStatusBounds } from '../src/api/status-bounds.ts';
import { auditDigest, auditSubject, type AuditSubject } from '../src/domain/audit-chain.ts';
import { isTrue, setConditions, type Condition, type ConditionChange } from '../src/domain/condition.ts';
import { derivePhase, isTerminal } from '../src/domain/outcome.ts';
import type { ObjectRef, TargetRef } from '../src/domain/target-ref.ts';
import { withinBounds } from '../src/domain/within-bounds.ts';

/** The newest entries are kept; the copy outside the cluster has all of them. */
const MAX_AUDIT_ENTRIES = 14;

export const refOf = (action: HealingAction): ObjectRef => ({
  namespace: action.metadata.namespace ?? '',
  name: action.metadata.name,
  uid: action.metadata.uid,
});

/** The HealingAction itself as the object of an Event. */
export const asTarget = (action: HealingAction): TargetRef => ({
  apiVersion: action.apiVersion,
  kind: action.kind,
  ...refOf(action),
});

/** Its effect may be there: it was claimed, or is on record as done. */
export const hasBegun = ({ status }: Pick<HealingAction, 'status'>): boolean =>
  status?.claim !== undefined || isTrue(status?.conditions, 'Executed');

export type StatusChange = Partial<HealingActionStatus> & { readonly set?: readonly ConditionChange[] };

const ORDER: readonly string[] = ACTION_CONDITIONS;

/** As the steps come: `kubectl describe` then reads as the story. */
const inOrder = (conditions: readonly Condition[]): readonly Condition[] =>
  conditions.toSorted((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type));

/** The status with this change made and everything that follows from it; undefined once the action has ended. */
export function changed(action: HealingAction, change: StatusChange, now: string): HealingActionStatus | undefined {
  if (isTerminal(action.status?.conditions)) return undefined;
  const { set = [], ...fields } = change;
  const conditions = inOrder(setConditions(action.status?.conditions, set, now, action.metadata.generation));
  const phase = derivePhase(conditions);
  const last = set.at(-1);
  return {
    startTime: now,
    ...action.status,
    ...fields,
    conditions,
    phase,
    ...(last === undefined ? {} : { reason: last.reason }),
    observedGeneration: action.metadata.generation ?? 0,
  };
}

export type NewEntry = Omit<AuditEntry, 'seq' | 'digest' | 'prev'>;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * The action's chain with these entries more: each digest covers the entry before, so that nothing can be taken out
 * unnoticed.
 */
export function chained(action: HealingAction, ...entries: readonly NewEntry[]): readonly AuditEntry[] {
  const subject = auditSubject(action);
  return entries
    .reduce<readonly AuditEntry[]>(
      (audit, entry) => [...audit, linked(subject, audit.at(-1), entry)],
      action.status?.audit ?? [],
    )
    .slice(-MAX_AUDIT_ENTRIES);
}

/** What an entry says about the plan that it is about. */
export const planned = ({ status }: HealingAction): Pick<AuditEntry, 'planDigest'> =>
  status?.planDigest === undefined ? {} : { planDigest: status.planDigest };

function linked(subject: AuditSubject, last: AuditEntry | undefined, entry: NewEntry): AuditEntry {
  const whole = { ...entry, seq: (last?.seq ?? 0) + 1, ...(last === undefined ? {} : { prev: last.digest }) };
  // Cut before it is digested: the digest must be of what is kept.
  const [kept = whole] = withinBounds({ audit: [whole] }, healingActionStatusBounds).audit;
  return { ...kept, digest: auditDigest({ ...subject, ...kept }, sha256) };
}
