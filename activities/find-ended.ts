import { findCondition } from '../src/domain/condition.ts';
import type { ActionEnded, RunningAction } from '../src/domain/episode.ts';
import { isTerminal, type OutcomeReason } from '../src/domain/outcome.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';

/** Of the actions that a policy's workflow believes to be running: those that have ended, or are gone. */
export async function findEnded(
  { actions }: ActivityPorts,
  policy: ObjectRef,
  running: readonly RunningAction[],
): Promise<readonly ActionEnded[]> {
  const found = await Promise.all(
    running.map(async ({ uid, name }): Promise<readonly ActionEnded[]> => {
      const action = await actions.read({ namespace: policy.namespace, name, uid });
      if (action === undefined) return [{ uid, reason: 'Deleted' }];
      const { conditions } = action.status ?? {};
      if (!isTerminal(conditions)) return [];
      // Only `report` writes this reason, from the closed list of outcomes.
      return [{ uid, reason: findCondition(conditions, 'Succeeded')?.reason as OutcomeReason }];
    }),
  );
  return found.flat();
}
