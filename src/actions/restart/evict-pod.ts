import type { Pod } from '../../api/workloads.ts';
import { isWorkload } from '../../domain/health.ts';
import { workloadParameters } from '../controllers.ts';
import type { Effect, EffectInput, PlanInput, PlanResult } from '../define-action.ts';
import { named } from '../objects.ts';
import { evictionOf, graceOf } from './eviction.ts';

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
      ...workloadParameters(workload),
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
