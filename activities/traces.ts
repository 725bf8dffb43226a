import type { ActionTemplate, Claim, HealingAction, Plan } from '../src/api/healing-action.ts';
import type { KubeObject } from '../src/api/meta.ts';
import type { ActionDefinition, ConfirmInput, Marker, Resolved } from '../src/actions/define-action.ts';
import { describeTarget } from '../src/domain/target-ref.ts';
import type { ClusterReader } from '../src/ports/cluster.ts';
import { markerFor } from './marker.ts';

/** What earlier attempts have left on the target. */
export type Traces =
  | { readonly traces: 'executed' | 'none' }
  /** Of an effect that has several parts some are there; it can be gone on with. */
  | { readonly traces: 'partly'; readonly message: string }
  /** A claim was made, and the target is not as it was before; but the mark of our change is not there. */
  | { readonly traces: 'unknown'; readonly message: string };

/** With the objects by which it was told, for whoever goes on with the same try; none were read where nothing is claimed. */
export type Found = Traces & { readonly related?: readonly KubeObject[] };

/** What the plan has resolved, as actions take it. */
export const resolved = ({ parameters = {}, change }: Plan): Resolved => ({
  parameters,
  ...(change === undefined ? {} : { change }),
});

/** The objects beside the target that tell about one try at the plan. */
export const gatherFor = (
  cluster: ClusterReader,
  definition: ActionDefinition,
  plan: Plan,
  of: { readonly target: KubeObject | undefined; readonly template: ActionTemplate; readonly marker: Marker },
): Promise<readonly KubeObject[]> =>
  definition.gather(cluster, { ...of, namespace: plan.target.namespace, parameters: plan.parameters ?? {} });

/** Looks for the marker, or for the changed value itself. `target` is undefined when the planned object is gone. */
export async function lookForTraces(
  cluster: ClusterReader,
  action: HealingAction,
  plan: Plan,
  definition: ActionDefinition,
  target: KubeObject | undefined,
): Promise<Found> {
  const claim = action.status?.claim;
  if (claim?.step !== 'execute') return { traces: 'none' };
  const marker = markerFor(action, 'execute', claim.attempt);
  const related = await gatherFor(cluster, definition, plan, { target, template: action.spec.action, marker });
  return { ...tracesIn(plan, claim, definition, { target, related, marker }), related };
}

function tracesIn(
  plan: Plan,
  claim: Claim,
  definition: ActionDefinition,
  { target, related, marker }: Pick<ConfirmInput, 'target' | 'related' | 'marker'>,
): Traces {
  const { uid } = plan.target;
  const applied = definition.confirm({ target, uid, related, marker, ...resolved(plan) });
  if (applied === 'applied') return { traces: 'executed' };
  if (applied !== 'not-applied')
    return 'partly' in applied
      ? { traces: 'partly', message: applied.partly }
      : { traces: 'unknown', message: applied.unknown };
  if (definition.occupy !== undefined) return { traces: 'none' }; // the target shows nothing of it
  const named = describeTarget(plan.target);
  if (target === undefined)
    return { traces: 'unknown', message: `${named} is gone: whether it was changed before cannot be told` };
  // Where the marker is only the claim, the effect itself is what counts.
  const claims = definition.markIsClaim?.(plan.target.kind) === true;
  if (target.metadata.annotations?.[marker.key] !== undefined && !claims) return { traces: 'executed' };
  if (definition.baseline(target, resolved(plan)) === claim.baseline) return { traces: 'none' };
  return {
    traces: 'unknown',
    message: `${named} was changed by someone else and the mark of our change is missing: whether it happened cannot be told`,
  };
}
