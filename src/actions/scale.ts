import type { ScaleAction } from '../api/healing-action.ts';
import type { KubeObject } from '../api/meta.ts';
import type { Deployment, StatefulSet } from '../api/workloads.ts';
import { pointer } from '../domain/json-patch.ts';
import { autoscalerOf, otherScaler } from '../domain/scaler.ts';
import { defineAction, type Effect, type EffectInput, type PlanResult } from './define-action.ts';
import { guardedPatch } from './guarded-patch.ts';
import { named } from './objects.ts';

type Scalable = Deployment | StatefulSet;

const REPLICAS = pointer('spec', 'replicas');
/** What the schema fills in; an action that was not read from the API server may lack it. */
const DEFAULT_MAX = 100;

const replicasOf = ({ spec }: Scalable): number => spec.replicas ?? 1;

/** Whoever else sets the number would overwrite ours within seconds, or we theirs. */
function owner(target: Scalable, related: readonly KubeObject[]): string | undefined {
  const autoscaler = autoscalerOf(target, related)?.metadata.name;
  if (autoscaler !== undefined)
    return `HorizontalPodAutoscaler ${autoscaler} sets its number of replicas and would overwrite another; change minReplicas of ${autoscaler} instead`;
  const scaler = otherScaler(target);
  return scaler === undefined
    ? undefined
    : `${scaler} sets its number of replicas through the scale subresource; let ${scaler} change it, or take it over by one "kubectl scale" to another number`;
}

/** The number that is wanted, or why there is none. */
function wanted(
  present: number,
  { direction, replicas, minReplicas = 0, maxReplicas = DEFAULT_MAX }: ScaleAction,
): number | string {
  const range = `${minReplicas} to ${maxReplicas}`;
  if (direction === 'absolute') {
    if (replicas < minReplicas || replicas > maxReplicas) return `${replicas} replicas are not within ${range}`;
    return replicas === present ? `has ${present} replicas already` : replicas;
  }
  const up = direction === 'up';
  const number = up ? Math.min(present + replicas, maxReplicas) : Math.max(present - replicas, minReplicas);
  // Beyond the bound already: cut short, a step would go the other way.
  return (up ? number > present : number < present)
    ? number
    : `has ${present} replicas: it cannot be scaled ${direction} within ${range}`;
}

function moveReplicas({ target, related, parameters, marker }: EffectInput<Scalable>, back: boolean): Effect {
  const [from, to] = back
    ? [parameters['toReplicas'], parameters['fromReplicas']]
    : [parameters['fromReplicas'], parameters['toReplicas']];
  const present = replicasOf(target);
  if (String(present) !== from)
    return { result: 'drifted', message: `${named(target)} has ${present} replicas by now, not ${from ?? ''}` };
  const other = owner(target, related);
  if (other !== undefined) return { result: 'drifted', message: other };
  return {
    result: 'effect',
    write: guardedPatch(target, marker, [
      { op: 'test', path: REPLICAS, value: target.spec.replicas ?? null },
      { op: 'add', path: REPLICAS, value: Number(to) },
    ]),
    changes: [{ field: 'spec.replicas', oldValue: from, newValue: to ?? '' }],
  };
}

/** Sets the number of replicas of a workload whose number nobody else sets. Taken back while it is still our number. */
export const scale = defineAction<Scalable>({
  type: 'scale',
  kinds: [
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { apiVersion: 'apps/v1', kind: 'StatefulSet' },
  ],
  reversible: true,
  looksBack: false,

  gather: (cluster, { namespace }) =>
    cluster.list({ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', namespace }),

  plan({ target, related, template }): PlanResult {
    const refused = (why: string): PlanResult => ({ result: 'refused', message: `${named(target)}: ${why}` });
    const { scaleAction } = template;
    if (scaleAction === undefined) return refused('an action of type scale needs scaleAction');
    const other = owner(target, related);
    if (other !== undefined) return refused(other);
    const from = replicasOf(target);
    const to = wanted(from, scaleAction);
    if (typeof to === 'string') return refused(to);
    const approvalReason = reasonToAsk(target, from, to, scaleAction);
    return {
      result: 'planned',
      parameters: { fromReplicas: String(from), toReplicas: String(to) },
      summary: `scale ${named(target)} from ${from} to ${to} replicas`,
      ...(approvalReason === undefined ? {} : { approvalReason }),
    };
  },

  execute: (input) => moveReplicas(input, false),

  inverse: (input) => moveReplicas(input, true),

  baseline: (target) => String(replicasOf(target)),

  confirm({ target, uid, parameters }) {
    if (target?.metadata.uid !== uid) return 'not-applied';
    return String(replicasOf(target)) === parameters['toReplicas'] ? 'applied' : 'not-applied';
  },
});

function reasonToAsk(target: Scalable, from: number, to: number, { direction }: ScaleAction): string | undefined {
  const retention =
    'persistentVolumeClaimRetentionPolicy' in target.spec
      ? target.spec.persistentVolumeClaimRetentionPolicy
      : undefined;
  if (to < from && retention?.whenScaled === 'Delete')
    return 'scaling it down deletes the volume claims of the pods that go (persistentVolumeClaimRetentionPolicy), which cannot be taken back';
  // Who wrote `absolute: 0` has said so; who wrote a step may not have thought of the end of it.
  return to === 0 && direction !== 'absolute' ? 'nothing would be left running' : undefined;
}
