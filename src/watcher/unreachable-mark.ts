import { REASONS } from '../api/constants.ts';
import { findCondition, setConditions } from '../domain/condition.ts';
import { derivePhase, isTerminal } from '../domain/outcome.ts';
import type { ObjectRef } from '../domain/target-ref.ts';
import type { ActionRecords } from '../ports/records.ts';

/**
 * Says in the status of an action that no workflow has accepted yet why nothing happens. Never over what a workflow wrote,
 * and once: the workflow that comes later puts its own word in the place.
 */
export async function markUnreachable(
  actions: Pick<ActionRecords, 'update'>,
  ref: ObjectRef,
  problem: string,
  now: Date,
): Promise<void> {
  await actions.update(ref, ({ metadata: { generation }, status }) => {
    if (isTerminal(status?.conditions) || findCondition(status?.conditions, 'Accepted') !== undefined) return undefined;
    const reason = REASONS.Accepted.temporalUnreachable;
    const message = `the action begins as soon as Temporal can be reached: ${problem}`;
    const change = { type: 'Accepted', status: 'Unknown', reason, message } as const;
    const conditions = setConditions(status?.conditions, [change], now.toISOString(), generation);
    return {
      ...status,
      conditions,
      phase: derivePhase(conditions),
      reason,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  });
}
