import type { KubeObject } from '../../api/meta.ts';
import type { Pod } from '../../api/workloads.ts';
import { isWorkload } from '../../domain/health.ts';
import { controllerOf } from '../../domain/owner-chain.ts';
import type { ClusterReader } from '../../ports/cluster.ts';
import type { Effect, EffectInput, PlanInput, PlanResult } from '../define-action.ts';
import { evictionOf, graceOf } from './eviction.ts';
import { named } from './workload.ts';

/** Pod, ReplicaSet, Deployment: whoever makes the replacement is whose health shows whether it helped. */
export async function controllers(cluster: ClusterReader, pod: Pod): Promise<readonly KubeObject[]> {
  const found: KubeObject[] = [];
  for (let next = controllerOf(pod); next !== undefined && found.length < 3;) {
    const owner = await cluster.get({ ...next, namespace: pod.metadata.namespace ?? '' });
    if (owner?.metadata.uid !== next.uid) break;
    found.push(owner);
    next = controllerOf(owner);
  }
  return found;
}

/** The restart of one pod: it is evicted, and its controller makes another. */
export function planPod(pod: Pod, { template, related }: Pick<PlanInput, 'template' | 'related'>): PlanResult {
  const workload = related.at(-1);
  if (workload === undefined)
    return { result: 'refused', message: `${named(pod)} has no controller: nothing would create it again` };
  if (!isWorkload(workload))
    return {
      result: 'refused',
      message: `${named(pod)} belongs to ${workload.kind ?? ''} ${workload.metadata.name}: whether a restart helps such a pod cannot be told`,
    };
  return {
    result: 'planned',
    parameters: {
      workloadApiVersion: workload.apiVersion ?? '',
      workloadKind: workload.kind ?? '',
      workloadName: workload.metadata.name,
      workloadUid: workload.metadata.uid,
      ...graceOf(template.restartAction?.gracePeriodSeconds),
    },
    summary: `evict ${named(pod)}, so that its controller creates it again`,
  };
}

export const evictPod = (pod: Pod, { parameters, marker }: Pick<EffectInput, 'parameters' | 'marker'>): Effect => ({
  result: 'effect',
  ...evictionOf(pod, parameters, marker),
  changes: [{ field: 'pod', oldValue: pod.metadata.uid, newValue: 'evicted' }],
});
