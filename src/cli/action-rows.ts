import { REASONS } from '../api/constants.ts';
import type { HealingAction } from '../api/healing-action.ts';
import { findCondition } from '../domain/condition.ts';
import { isTerminal } from '../domain/outcome.ts';
import type { Tone } from './output/paint.ts';
import type { Row } from './output/table.ts';
import { ageSince } from './output/time.ts';

export interface Filter {
  /** Any of these; in any spelling of upper and lower case. */
  readonly phase?: readonly string[];
  readonly policy?: string;
  /** Only those that wait for a person. */
  readonly waiting?: true;
}

export interface Columns {
  readonly wide: boolean;
  readonly namespaces: boolean;
}

/** What a person is waited for: to decide, or to say how a change is to be made, or taken back. */
export type Waiting = 'approval' | 'operator' | 'rollback operator';

export function waitsFor({ status }: HealingAction): Waiting | undefined {
  if (isTerminal(status?.conditions)) return undefined;
  const approved = findCondition(status?.conditions, 'Approved');
  if (approved?.status === 'Unknown' && approved.reason === REASONS.Approved.waiting) return 'approval';
  const reasonOf = (type: string): string | undefined => findCondition(status?.conditions, type)?.reason;
  if (reasonOf('RolledBack') === REASONS.RolledBack.awaitingOperator) return 'rollback operator';
  return reasonOf('Executed') === REASONS.Executed.awaitingOperator ? 'operator' : undefined;
}

export const isWanted = (action: HealingAction, { phase, policy, waiting }: Filter): boolean =>
  (phase === undefined || phase.some((wanted) => wanted.toLowerCase() === phaseOf(action).toLowerCase())) &&
  (policy === undefined || action.spec.policyRef.name === policy) &&
  (waiting === undefined || waitsFor(action) !== undefined);

/** `Pending` before the healer has seen it. */
export const phaseOf = ({ status }: HealingAction): string => status?.phase ?? 'Pending';

export function toneOf(action: HealingAction): Tone {
  switch (action.status?.phase) {
    case 'Succeeded':
      return 'good';
    case 'Failed':
      return 'bad';
    case 'Cancelled':
      return 'dim';
    case 'Pending':
    case 'Approved':
    case 'InProgress':
    case undefined:
      return waitsFor(action) === undefined ? 'plain' : 'waiting';
  }
}

export const HEADINGS = ({ wide, namespaces }: Columns): Row => [
  ...(namespaces ? ['NAMESPACE'] : []),
  'NAME',
  'PHASE',
  'REASON',
  'ACTION',
  'TARGET',
  'AGE',
  ...(wide ? ['POLICY', 'TRIGGER', 'TRIES', 'APPROVED BY', 'WORKFLOW', 'MESSAGE'] : []),
];

export function rowOf(action: HealingAction, { wide, namespaces }: Columns, now: Date): Row {
  const { metadata, spec, status } = action;
  const { kind, name, namespace = metadata.namespace } = spec.targetResource;
  const elsewhere = namespace === metadata.namespace ? '' : `${namespace ?? ''}/`;
  const tone = toneOf(action);
  return [
    ...(namespaces ? [metadata.namespace ?? ''] : []),
    metadata.name,
    { text: phaseOf(action), tone },
    { text: status?.reason ?? '-', tone },
    spec.action.type,
    `${kind} ${elsewhere}${name}`,
    ageSince(metadata.creationTimestamp, now),
    ...(wide
      ? [
          spec.policyRef.name,
          spec.trigger?.name ?? '-',
          String(status?.attempts ?? 0),
          approverOf(action),
          status?.workflow?.id ?? '-',
          status?.result?.message ?? findCondition(status?.conditions, 'Succeeded')?.message ?? '-',
        ]
      : []),
  ];
}

const approverOf = ({ status }: HealingAction): string => {
  const { approvedBy, approved, verified } = status?.approval ?? {};
  if (approvedBy === undefined) return '-';
  return `${approved === true ? '' : 'rejected: '}${approvedBy}${verified === true ? '' : ' (unverified)'}`;
};
