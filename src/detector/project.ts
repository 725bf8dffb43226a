import type { HealingPolicy } from '../api/healing-policy.ts';
import type { KubeObject, ObjectMeta } from '../api/meta.ts';
import type { ContainerState, ContainerStatus, Pod, PodStatus, StatusCondition } from '../api/workloads.ts';
import { controllerOf } from '../domain/owner-chain.ts';
import { EVIDENCE_LIMIT } from '../triggers/define-trigger.ts';

/** What is kept of a Pod or workload: a fraction of what the server sends, so that 20,000 Pods fit. */
export interface Observed extends KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObservedMeta;
  readonly status?: ObservedStatus;
}

/** The parts of a HealingPolicy that decide what is observed. */
export interface ObservedPolicy {
  readonly metadata: ObservedMeta;
  readonly spec: HealingPolicy['spec'];
}

type ObservedMeta = Pick<
  ObjectMeta,
  'name' | 'namespace' | 'uid' | 'resourceVersion' | 'generation' | 'deletionTimestamp' | 'labels' | 'ownerReferences'
>;
type ObservedStatus = Pick<PodStatus, 'phase' | 'conditions' | 'containerStatuses' | 'initContainerStatuses'> & {
  readonly observedGeneration?: number;
};

/** Items of a list carry neither kind nor version, so the scope of the watch gives them. */
export const projectWorkload =
  ({ apiVersion, kind }: Pick<Observed, 'apiVersion' | 'kind'>) =>
  (raw: KubeObject): Observed => {
    const status = (raw as Observed).status;
    return withoutGaps<Observed>({
      apiVersion,
      kind,
      metadata: slimMeta(raw),
      status:
        status &&
        withoutGaps<Pick<ObservedStatus, 'observedGeneration' | 'conditions'>>({
          observedGeneration: status.observedGeneration,
          conditions: status.conditions?.map(slimCondition),
        }),
    });
  };

export function projectPod(raw: KubeObject): Observed {
  const status = (raw as Pod).status;
  return withoutGaps<Observed>({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: slimMeta(raw),
    status:
      status &&
      withoutGaps<Omit<ObservedStatus, 'observedGeneration'>>({
        phase: status.phase,
        conditions: status.conditions?.map(slimCondition),
        containerStatuses: status.containerStatuses?.map(slimContainer),
        initContainerStatuses: status.initContainerStatuses?.map(slimContainer),
      }),
  });
}

export const projectPolicy = (raw: KubeObject): ObservedPolicy => ({
  metadata: slimMeta(raw),
  spec: (raw as HealingPolicy).spec,
});

function slimMeta(raw: KubeObject): ObservedMeta {
  const { name, namespace, uid, resourceVersion, generation, deletionTimestamp, labels } = raw.metadata;
  const controller = controllerOf(raw);
  return withoutGaps<ObservedMeta>({
    name,
    namespace,
    uid,
    resourceVersion,
    generation,
    deletionTimestamp,
    labels,
    ownerReferences: controller && [controller],
  });
}

const slimCondition = ({ type, status, reason, message, lastTransitionTime }: StatusCondition): StatusCondition =>
  withoutGaps<Omit<StatusCondition, 'lastUpdateTime'>>({
    type,
    status,
    reason,
    message: message?.slice(0, EVIDENCE_LIMIT),
    lastTransitionTime,
  });

const slimContainer = ({ name, restartCount, state, lastState }: ContainerStatus): ContainerStatus =>
  withoutGaps<Pick<ContainerStatus, 'name' | 'restartCount' | 'state' | 'lastState'>>({
    name,
    restartCount,
    state: state && slimState(state),
    lastState: lastState && slimState(lastState),
  });

function slimState({ waiting, running, terminated }: ContainerState): ContainerState {
  if (terminated !== undefined) {
    // What a container says of its own end may hold secrets, and is not needed.
    const { message: _message, ...kept } = terminated;
    return { terminated: kept };
  }
  if (waiting !== undefined)
    return {
      waiting: withoutGaps<NonNullable<ContainerState['waiting']>>({
        reason: waiting.reason,
        message: waiting.message?.slice(0, EVIDENCE_LIMIT),
      }),
    };
  return running === undefined ? {} : { running };
}

/** Every field has to be named, and those that are optional may be undefined. */
type Draft<T> = { readonly [K in keyof T]-?: object extends Pick<T, K> ? T[K] | undefined : T[K] };

/** The same without the fields that are undefined. */
const withoutGaps = <T extends object>(draft: Draft<T>): T =>
  Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined)) as T;
