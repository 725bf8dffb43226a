import type { HealingAction, Plan } from '../src/api/healing-action.ts';
import type { KubeObject } from '../src/api/meta.ts';
import type { ActionDefinition } from '../src/actions/define-action.ts';
import { describeTarget } from '../src/domain/target-ref.ts';
import { markerFor } from './marker.ts';

/** What earlier attempts have left on the target. */
export type Traces =
  | { readonly traces: 'executed' | 'none' }
  /** A claim was made, and the target is not as it was before; but the mark of our change is not there. */
  | { readonly traces: 'unknown'; readonly message: string };

/** Looks for the marker, or for the changed value itself. `target` is undefined when the planned object is gone. */
export function lookForTraces(
  action: HealingAction,
  plan: Plan,
  definition: ActionDefinition,
  target: KubeObject | undefined,
): Traces {
  const claim = action.status?.claim;
  if (claim?.step !== 'execute') return { traces: 'none' };
  const { key } = markerFor(action, 'execute', claim.attempt);
  const applied = definition.confirm({ target, uid: plan.target.uid, parameters: plan.parameters ?? {} });
  if (applied === 'applied') return { traces: 'executed' };
  const named = describeTarget(plan.target);
  if (target === undefined)
    return { traces: 'unknown', message: `${named} is gone: whether it was changed before cannot be told` };
  // On a pod the marker is only the claim; whether it was evicted is what counts.
  if (target.metadata.annotations?.[key] !== undefined && plan.target.kind !== 'Pod') return { traces: 'executed' };
  if (definition.baseline(target) === claim.baseline) return { traces: 'none' };
  return {
    traces: 'unknown',
    message: `${named} was changed by someone else and the mark of our change is missing: whether it happened cannot be told`,
  };
}
