import type { KubeObject } from '../api/meta.ts';
import type { Pod } from '../api/workloads.ts';
import type { Effect, EffectInput, Parameters } from './define-action.ts';
import { isLeaving, isReady } from './pods-of-workload.ts';
import { evictionOf } from './restart/eviction.ts';
import { isOf, podsOf, type Revised } from './revisions.ts';

const SETTING = 'alsoEvict';

/** A StatefulSet that rolls out pod by pod waits for each to be Ready, also for one whose template is wanted no more. */
const waits = (target: Revised): boolean =>
  target.kind === 'StatefulSet' &&
  !('podManagementPolicy' in target.spec && target.spec.podManagementPolicy === 'Parallel');

/** As part of the plan, so that it is bound to the approval; and in words. */
export const unsticking = (target: Revised): { readonly parameters: Parameters; readonly words: string } =>
  waits(target)
    ? {
        parameters: { [SETTING]: 'pods of other revisions that are not Ready' },
        words: ', and evict its pods of other revisions that are not Ready, for which it would wait',
      }
    : { parameters: {}, words: '' };

/** The pods that would hold the rollout up, those first that it comes to first. */
export function stuckPods(target: Revised, related: readonly KubeObject[], parameters: Parameters): readonly Pod[] {
  if (parameters[SETTING] === undefined) return [];
  return podsOf(target, related)
    .filter((pod) => !isReady(pod) && !isLeaving(pod) && !isOf(pod, target, parameters['toName'] ?? ''))
    .toSorted((a, b) => b.metadata.name.localeCompare(a.metadata.name, 'en', { numeric: true }));
}

/** The part of the effect that comes after the template. Evictions keep to PodDisruptionBudgets. */
export function evictStuck({ target, related, parameters, marker }: EffectInput<Revised>): Effect {
  const [pod, ...more] = stuckPods(target, related, parameters);
  // What held it up has gone by itself in this moment.
  if (pod === undefined) return { result: 'wait', message: 'no pod holds the rollout up any more', retryAfterMs: 0 };
  return {
    result: 'effect',
    on: pod,
    ...evictionOf(pod, {}, marker),
    changes: [
      { field: 'spec.template', oldValue: parameters['fromName'] ?? '', newValue: parameters['toName'] ?? '' },
      { field: `pod ${pod.metadata.name}`, oldValue: pod.metadata.uid, newValue: 'evicted' },
    ],
    ...(more.length === 0 ? {} : { unfinished: true as const }),
  };
}
