import { DEFAULTS } from '../api/constants.ts';
import type { Pod } from '../api/workloads.ts';
import { controllers } from './controllers.ts';
import { defineAction, type PlanInput, type PlanResult } from './define-action.ts';
import { isPod, named } from './objects.ts';
import { templateDigest } from './pod-template.ts';
import { isLeaving, listPods, ownPods, readPods } from './pods-of-workload.ts';
import { evictPod, planPod } from './restart/evict-pod.ts';
import {
  confirmEvictions,
  evictable,
  evictNext,
  isByEviction,
  pendingEvictions,
  planEvictions,
} from './restart/evict-pods.ts';
import { markOn } from './restart/pod-set.ts';
import { isStamped, planStamp, stampTemplate } from './restart/stamp-template.ts';
import { takenDownAtOnce, updatesPending } from './restart/update-strategy.ts';
import type { Restartable, Workload } from './restart/workload.ts';

/** The controller rolls the restart out where that keeps to what is asked; where it does not, we evict the pods. */
function planWorkload(workload: Workload, input: PlanInput<Restartable>): PlanResult {
  const { template, related, stamp } = input;
  const refused = (message: string): PlanResult => ({ result: 'refused', message: `${named(workload)} ${message}` });
  if ('paused' in workload.spec && workload.spec.paused)
    return refused('is paused: a restart would not roll out; resume it first');
  const { strategy, maxConcurrent } = DEFAULTS.restartAction;
  const settings = { strategy, maxConcurrent, ...template.restartAction };
  const pods = ownPods(workload, related).filter((pod) => !isLeaving(pod));
  const spared = pods.filter((pod) => protectionOf(pod, input) !== undefined);
  const atOnce = takenDownAtOnce(workload);
  if (settings.strategy === 'rolling') {
    if (atOnce === 'manual')
      return refused('has update strategy OnDelete: a restart would not roll out; strategy graceful evicts its pods');
    if (spared.length === 0 && atOnce <= settings.maxConcurrent) return planStamp(workload, stamp, atOnce);
  }
  if (atOnce === 'manual' && updatesPending(workload))
    return refused('has an update that is not rolled out: evicted pods would come back as others than they were');
  const evicted = pods.filter((pod) => !spared.includes(pod));
  if (evicted.length > 0) return planEvictions(workload, evicted, spared, settings);
  const [first] = spared;
  return refused(first === undefined ? 'has no pods' : `has only protected pods: ${protectionOf(first, input) ?? ''}`);
}

const protectionOf = (pod: Pod, { protection }: Pick<PlanInput, 'protection'>): string | undefined =>
  protection?.(pod) ?? markOn(pod);

/**
 * Replaces pods by new ones of the same template: one pod by eviction; those of a workload through its own rollout, or by
 * evictions where that would take down more at a time than is asked for. Cannot be taken back.
 */
export const restart = defineAction<Restartable>({
  type: 'restart',
  kinds: [
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { apiVersion: 'apps/v1', kind: 'StatefulSet' },
    { apiVersion: 'apps/v1', kind: 'DaemonSet' },
    { apiVersion: 'v1', kind: 'Pod' },
  ],
  reversible: false,
  markIsClaim: (kind) => kind === 'Pod',
  looksBack: false,

  async gather(cluster, { target, parameters }) {
    if (target === undefined) return [];
    if (isPod(target)) return controllers(cluster, target);
    // What a plan is made from is looked at again before the effect.
    if (parameters === undefined) return listPods(cluster, target, { quick: true });
    return isByEviction(parameters) ? listPods(cluster, target) : readPods(cluster, target);
  },

  plan: (input) => (isPod(input.target) ? planPod(input.target, input) : planWorkload(input.target, input)),

  execute(input) {
    const { target, related, parameters } = input;
    if (isPod(target)) return evictPod(target, input);
    if (isByEviction(parameters)) return evictNext({ ...input, target });
    const spared = ownPods(target, related).find((pod) => !isLeaving(pod) && protectionOf(pod, input) !== undefined);
    if (spared !== undefined)
      return {
        result: 'drifted',
        message: `pod ${spared.metadata.name} got protected, and a rollout would replace it`,
      };
    return stampTemplate(target, input);
  },

  inverse: () => undefined,

  baseline(target, { parameters }) {
    if (isPod(target)) return target.metadata.uid;
    // Evictions change nothing of the workload: whatever somebody else does to it, they have not happened.
    return isByEviction(parameters) ? target.metadata.uid : templateDigest(target.spec.template);
  },

  confirm(input) {
    const { target, uid, parameters } = input;
    // Of a pod it is wanted that it goes; with a workload the proof of its restart is gone as well.
    if (target?.metadata.uid !== uid) return 'workloadName' in parameters ? 'applied' : 'not-applied';
    if (isPod(target)) return target.metadata.deletionTimestamp === undefined ? 'not-applied' : 'applied';
    if (isByEviction(parameters)) return confirmEvictions({ ...input, target });
    return isStamped(target, parameters) ? 'applied' : 'not-applied';
  },

  writtenTo(input) {
    const { target, parameters } = input;
    return isPod(target) || !isByEviction(parameters) ? [target] : evictable({ ...input, target });
  },

  pending: (input) => (isByEviction(input.parameters) ? pendingEvictions(input) : undefined),
});
