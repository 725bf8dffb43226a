import { KEYS } from '../src/api/constants.ts';
import type { HealingAction } from '../src/api/healing-action.ts';
import { findCondition } from '../src/domain/condition.ts';
import type { RecalledAction } from '../src/domain/episode.ts';
import { byName } from '../src/domain/naming.ts';
import { isTerminal, type OutcomeReason } from '../src/domain/outcome.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';
import { cooldownOf } from './rules-of-plan.ts';

/** As many episodes as a policy can have firing at once. */
const MAX_RECALLED = 200;

/**
 * What a policy's workflow would remember if it had been there: after Temporal's database was lost, running actions are
 * taken over and cooldowns go on, because the actions themselves say so.
 */
export async function recallEpisodes(
  { actions, policies }: ActivityPorts,
  ref: ObjectRef,
): Promise<readonly RecalledAction[]> {
  const policy = await policies.read(ref);
  if (policy === undefined) return [];
  const all = await actions.list({ namespace: ref.namespace, policy: ref.name });
  const newestFirst = all
    .filter(({ spec }) => spec.policyRef.uid === ref.uid)
    .sort((a, b) => ((a.metadata.creationTimestamp ?? '') < (b.metadata.creationTimestamp ?? '') ? 1 : -1));
  const recalled = new Map<string, RecalledAction>();
  for (const action of newestFirst) {
    const episode = action.metadata.annotations?.[KEYS.episode];
    const trigger = action.spec.trigger?.name;
    if (episode === undefined || trigger === undefined || recalled.has(episode)) continue;
    const cooldownMs = cooldownOf(byName(policy.spec.triggers, trigger));
    recalled.set(episode, { episode, trigger, cooldownMs, ...stateOf(action) });
    if (recalled.size === MAX_RECALLED) break;
  }
  return [...recalled.values()];
}

function stateOf({ metadata, status }: HealingAction): Pick<RecalledAction, 'uid' | 'name' | 'ended'> {
  const { uid, name } = metadata;
  if (!isTerminal(status?.conditions)) return { uid, name };
  // Only `report` writes this reason, from the closed list of outcomes.
  const reason = findCondition(status?.conditions, 'Succeeded')?.reason as OutcomeReason;
  return { uid, name, ended: { reason, at: Date.parse(status?.completionTime ?? metadata.creationTimestamp ?? '') } };
}
