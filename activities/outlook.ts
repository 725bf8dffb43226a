import { actionFor } from '../src/actions/index.ts';
import type { Outlook } from '../src/actions/define-action.ts';
import type { HealingAction, Plan } from '../src/api/healing-action.ts';
import type { ClusterReader } from '../src/ports/cluster.ts';
import { markerFor } from './marker.ts';
import { gatherFor, resolved } from './traces.ts';

/** What the action itself can say of its result; undefined when the target's health is all that counts. */
export async function outlook(cluster: ClusterReader, action: HealingAction, plan: Plan): Promise<Outlook | undefined> {
  const definition = actionFor(plan.action);
  if (definition?.outlook === undefined) return undefined;
  const target = await cluster.get(plan.target);
  const { uid } = plan.target;
  const marker = markerFor(action, 'execute', action.status?.claim?.attempt ?? 1);
  const related = await gatherFor(cluster, definition, plan, { target, template: action.spec.action, marker });
  return definition.outlook({ target, uid, related, marker, ...resolved(plan) });
}
