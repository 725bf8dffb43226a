import type { RestartAction } from '../../api/shared.ts';
import type { Pod } from '../../api/workloads.ts';
import { rolloutCounts } from '../../domain/health.ts';
import {
  MAX_CHANGE,
  type Confirmation,
  type ConfirmInput,
  type Effect,
  type EffectInput,
  type Parameters,
  type PendingInput,
  type PlanResult,
} from '../define-action.ts';
import { named } from '../objects.ts';
import { templateDigest } from '../pod-template.ts';
import { isReady, isRunning, ownPods } from '../pods-of-workload.ts';
import { evictionOf, graceOf } from './eviction.ts';
import { fromChange, progressOf, toChange, type PodSet, type Progress } from './pod-set.ts';
import { isStatefulSet, type Workload } from './workload.ts';

/** Pods come back within seconds at best. */
const LOOK_AGAIN_MS = 1_000;

type Settings = Required<Pick<RestartAction, 'strategy' | 'maxConcurrent'>> & Pick<RestartAction, 'gracePeriodSeconds'>;

const WHEN: Readonly<Record<Settings['strategy'], string>> = {
  rolling: 'when those before are replaced and Ready',
  graceful: 'when those before are replaced and Ready',
  recreate: 'as soon as one before is gone',
};

/** The restart that we carry out ourselves: pods are evicted, a few at a time. `pods` are those that may be. */
export function planEvictions(
  workload: Workload,
  pods: readonly Pod[],
  kept: readonly Pod[],
  { strategy, maxConcurrent, gracePeriodSeconds }: Settings,
): PlanResult {
  const set: PodSet = {
    evict: inOrder(workload, pods).map(({ metadata: { name, uid } }) => [name, uid] as const),
    keep: kept.map(({ metadata: { uid } }) => uid),
  };
  const change = toChange(set);
  if (change.length > MAX_CHANGE)
    return {
      result: 'refused',
      message: `${named(workload)} has ${pods.length} pods, too many to be evicted one by one (the plan has to name each in ${MAX_CHANGE} characters, has ${change.length}): use strategy rolling with a maxConcurrent that its own update strategy keeps to`,
    };
  const staying = kept.length === 0 ? '' : `; ${kept.length} protected stay`;
  return {
    result: 'planned',
    parameters: {
      strategy,
      maxConcurrent: String(maxConcurrent),
      templateDigest: templateDigest(workload.spec.template),
      ...graceOf(gracePeriodSeconds),
    },
    change,
    summary: `restart ${named(workload)}: evict ${pods.length} pods, at most ${maxConcurrent} at a time, the next ${WHEN[strategy]}${staying}`,
  };
}

/** Those that are not Ready first: nothing is lost with them. A StatefulSet's from the highest ordinal down, as its own rollout. */
function inOrder(workload: Workload, pods: readonly Pod[]): readonly Pod[] {
  const direction = isStatefulSet(workload) ? -1 : 1;
  const byName = (a: Pod, b: Pod): number =>
    direction * a.metadata.name.localeCompare(b.metadata.name, 'en', { numeric: true });
  return pods.toSorted((a, b) => Number(isReady(a)) - Number(isReady(b)) || byName(a, b));
}

/** Whether the plan is one of evictions. */
export const isByEviction = (parameters: Parameters): boolean => 'maxConcurrent' in parameters;

const progress = ({ target, related, change }: EffectInput<Workload>): Progress =>
  progressOf(fromChange(change), ownPods(target, related));

/** The next pod, if one may go now. */
export function evictNext(input: EffectInput<Workload>): Effect {
  const { target, parameters, change, marker } = input;
  const now = progress(input);
  const all = fromChange(change).evict;
  const done = `${now.done} of ${all.length} pods are evicted`;
  const [next] = now.left;
  if (next === undefined) return { result: 'drifted', message: 'no pod that was planned to go is there any more' };
  if (templateDigest(target.spec.template) !== parameters['templateDigest'])
    return now.done === 0
      ? { result: 'drifted', message: 'the pod template was changed after the plan was made' }
      : wait(`${done}; the pod template was changed since, and its rollout replaces the rest`);
  const limit = Number(parameters['maxConcurrent']);
  const away = parameters['strategy'] === 'recreate' ? now.leaving.length : missing(target, now);
  if (away >= limit)
    return wait(
      `${done}; ${away} ${parameters['strategy'] === 'recreate' ? 'not gone' : 'not replaced and Ready'} yet, at most ${limit} may be`,
    );
  return {
    result: 'effect',
    on: next,
    ...evictionOf(next, parameters, marker),
    changes: [
      {
        field: 'pods',
        oldValue: all.map(([name]) => name).join(', '),
        newValue: `evicted, at most ${limit} at a time`,
      },
    ],
    ...(now.left.length === 1 ? {} : { unfinished: true, pauseMs: away + 1 >= limit ? LOOK_AGAIN_MS : 0 }),
  };
}

const wait = (message: string): Effect => ({ result: 'wait', message, retryAfterMs: LOOK_AGAIN_MS });

/**
 * How many pods are not where they should be: evicted and not gone, or gone and not replaced by one that is available. A
 * pod that is not evicted yet counts as there even if it is not well: that is why it is to go.
 */
function missing(workload: Workload, { left, leaving, kept, fresh }: Progress): number {
  const { desired, available } = rolloutCounts(workload);
  const ready = [...left, ...kept, ...fresh].filter(isReady).length;
  // Ready, but not for `minReadySeconds` yet.
  const unproven = Math.max(0, ready - available);
  const replaced = Math.max(0, fresh.filter(isReady).length - unproven);
  return Math.max(leaving.length, desired - left.length - kept.length - replaced);
}

/** All that was to go is gone or going. */
export function confirmEvictions({ target, uid, related, change }: ConfirmInput<Workload>): Confirmation {
  if (target?.metadata.uid !== uid) return 'not-applied';
  const set = fromChange(change);
  const { left, done } = progressOf(set, ownPods(target, related));
  if (done === 0) return 'not-applied';
  return left.length === 0 ? 'applied' : { partly: `${done} of ${set.evict.length} pods are evicted` };
}

/** Where an attempt that sleeps may be about to claim or evict. */
export const evictable = (input: EffectInput<Workload>): readonly Pod[] => progress(input).left;

/** Nothing proves anything as long as pods of the set are still on their way out. */
export function pendingEvictions({ pods, change }: PendingInput): string | undefined {
  const { left, leaving } = progressOf(fromChange(change), pods.filter(isRunning));
  const [pod] = [...leaving, ...left];
  return pod === undefined ? undefined : `pod ${pod.metadata.name} is to go and is still there`;
}
