import { findCondition } from '../src/domain/condition.ts';
import type { ActivityPorts } from './ports.ts';

export interface PastEffect {
  readonly id: string;
  /** `namespace/name` of the policy. */
  readonly policy: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Every effect that any action's own record shows: from these a new ledger learns what was done before it. */
export async function readPastEffects({ actions }: ActivityPorts): Promise<readonly PastEffect[]> {
  const all = await actions.list();
  return all.flatMap(({ metadata, spec, status }) => {
    const executed = findCondition(status?.conditions, 'Executed');
    const at =
      executed?.status === 'True' ? (status?.completionTime ?? executed.lastTransitionTime) : status?.claim?.time;
    if (at === undefined) return [];
    return [{ id: metadata.uid, policy: `${spec.policyRef.namespace}/${spec.policyRef.name}`, at: Date.parse(at) }];
  });
}
