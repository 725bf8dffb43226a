import { sha256 } from '../../../activities/record.ts';
import type {
  AuditEntry,
  HealingAction,
  HealingActionSpec,
  HealingActionStatus,
} from '../../../src/api/healing-action.ts';
import type { ListedEvent } from '../../../src/cli/explain/timeline.ts';
import { auditDigest, auditSubject } from '../../../src/domain/audit-chain.ts';
import type { Condition } from '../../../src/domain/condition.ts';
import { derivePhase } from '../../../src/domain/outcome.ts';

export const PLAN = '0123456789abcdef0123456789abcdef';
const UID = '11111111-2222-4333-8444-555555555555';

/** So many seconds after the action was asked for. */
export const at = (seconds: number): string =>
  new Date(Date.parse('2026-11-25T12:00:00Z') + seconds * 1000).toISOString();

/** `True Healed` and so on, with the second and a message. */
export type Told = readonly [status: Condition['status'], reason: string, second: number, message: string];

export interface Telling {
  readonly name?: string;
  readonly spec?: Partial<HealingActionSpec>;
  readonly conditions?: Readonly<Record<string, Told>>;
  readonly status?: HealingActionStatus;
  readonly audit?: readonly Omit<AuditEntry, 'seq' | 'digest' | 'prev'>[];
}

export function told({ name = 'web-undo-1', spec, conditions = {}, status, audit = [] }: Telling): HealingAction {
  const list = Object.entries(conditions).map(([type, [value, reason, second, message]]): Condition => ({
    type,
    status: value,
    reason,
    message,
    lastTransitionTime: at(second),
  }));
  const reason = list.findLast(({ type, status: value }) => type !== 'Succeeded' || value !== 'Unknown')?.reason;
  const action: HealingAction = {
    apiVersion: 'kubeskippy.io/v1alpha1',
    kind: 'HealingAction',
    metadata: { name, namespace: 'shop', uid: UID, resourceVersion: '7', creationTimestamp: at(0) },
    spec: {
      policyRef: { name: 'bad-rollouts', namespace: 'shop' },
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      action: { name: 'back', type: 'undo' },
      ...spec,
    },
  };
  if (list.length === 0 && status === undefined) return action;
  return {
    ...action,
    status: {
      ...status,
      conditions: list,
      phase: derivePhase(list),
      ...(reason === undefined ? {} : { reason }),
      workflow: { id: `ha-${UID}` },
      ...(audit.length === 0 ? {} : { audit: chainOf(action, audit) }),
    },
  };
}

function chainOf(action: HealingAction, entries: readonly Omit<AuditEntry, 'seq' | 'digest' | 'prev'>[]): AuditEntry[] {
  const chain: AuditEntry[] = [];
  for (const entry of entries) {
    const prev = chain.at(-1)?.digest;
    const whole = { ...entry, seq: chain.length + 1, ...(prev === undefined ? {} : { prev }) };
    const digest = auditDigest({ ...auditSubject(action), ...whole }, sha256);
    chain.push({ ...whole, digest });
  }
  return chain;
}

export const event = (
  second: number,
  reason: string,
  note: string,
  type: ListedEvent['type'] = 'Normal',
): ListedEvent => ({ metadata: { name: `${reason}-${second}` }, eventTime: at(second), type, reason, note });
