import { findCondition } from '../src/domain/condition.ts';
import { LOOK_BACK_MS, type PastEffect } from '../src/domain/ledger.ts';
import { isTerminal } from '../src/domain/outcome.ts';
import type { ActivityPorts } from './ports.ts';
import { leaseOf, targetKey } from './rules-of-plan.ts';

/** Every effect that any action's own record shows: from these a new ledger learns what was done before it. */
export async function readPastEffects(
  { actions }: Pick<ActivityPorts, 'actions'>,
  now: () => Date,
): Promise<readonly PastEffect[]> {
  const all = await actions.list();
  return all.flatMap((action): readonly PastEffect[] => {
    const { metadata, spec, status } = action;
    const executed = findCondition(status?.conditions, 'Executed');
    const acted = executed?.status === 'True' ? executed.lastTransitionTime : status?.claim?.time;
    if (acted === undefined) return [];
    const effect = {
      id: metadata.uid,
      policy: `${spec.policyRef.namespace}/${spec.policyRef.name}`,
      at: Date.parse(status?.completionTime ?? acted),
    };
    if (!isTerminal(status?.conditions))
      return [{ ...effect, holds: { target: targetKey(action), leaseMs: leaseOf(action) } }];
    return effect.at > now().getTime() - LOOK_BACK_MS ? [effect] : [];
  });
}
