import type { HealingAction } from '../src/api/healing-action.ts';
import { actionFor } from '../src/actions/index.ts';
import { ended, type Ended } from '../src/domain/steps.ts';
import { StepError } from '../src/errors.ts';
import { describeGone } from './describe-write.ts';
import { effectDiff } from './effect-diff.ts';
import { readLiveTarget } from './live-target.ts';
import { markerFor } from './marker.ts';
import { perform } from './perform.ts';
import type { ActivityPorts } from './ports.ts';
import { gatherFor, resolved } from './traces.ts';

/** A person waits no longer than this for it. */
const PATIENCE_MS = 5_000;

export type EffectPreview = { readonly result: 'previewed'; readonly diff: string } | Ended;

const without = (why: string): EffectPreview => ({ result: 'previewed', diff: `(not known: ${why})` });

/**
 * What the planned effect would change, as the API server answers a dry run of that very write. A plan does not fail
 * because that cannot be had now; but one that the API server refuses for good is not worth a person's decision.
 */
export async function previewEffect(
  ports: Pick<ActivityPorts, 'cluster'>,
  action: HealingAction,
): Promise<EffectPreview> {
  try {
    return await preview(ports, action);
  } catch (error) {
    if (error instanceof StepError) return without(error.message);
    throw error;
  }
}

async function preview(ports: Pick<ActivityPorts, 'cluster'>, action: HealingAction): Promise<EffectPreview> {
  const plan = action.status?.plan;
  const definition = plan === undefined ? undefined : actionFor(plan.action);
  if (plan === undefined || definition === undefined) return without('there is no plan');
  const live = await readLiveTarget(ports, action);
  if (!live.found) return without(live.outcome.message);
  const target = live.object;
  const marker = markerFor(action, 'execute', 1);
  const related = await gatherFor(ports.cluster, definition, plan, { target, template: action.spec.action, marker });
  const effect = definition.execute({ target, related, marker, ...resolved(plan) });
  if (effect.result !== 'effect') return without(effect.message);

  const auditId = `ks/${action.metadata.uid}/preview/${action.status?.planDigest ?? ''}`;
  const answer = await perform(ports, effect, marker, { auditId, deadline: Date.now() + PATIENCE_MS }, true);
  switch (answer.result) {
    case 'written':
      return { result: 'previewed', diff: effectDiff({ effect, target }, answer.object) };
    case 'refused':
      return ended('Refused', `the API server would refuse it: ${answer.message}`);
    case 'gone':
      return without(describeGone(plan, effect));
    case 'conflict':
    case 'blocked':
      return without(answer.message);
  }
}
