import type { KubeObject } from '../api/meta.ts';
import type { ContainerStatus, DaemonSet, Deployment, Pod, ReplicaSet, StatefulSet } from '../api/workloads.ts';
import type { Baseline } from './steps.ts';
import type { Measurement } from './verdict.ts';

export type Workload = Deployment | StatefulSet | DaemonSet | ReplicaSet;

/** How far a workload's controller has got; all counts are the controller's own. */
export interface RolloutCounts {
  readonly desired: number;
  readonly current: number;
  readonly updated: number;
  readonly available: number;
}

const KINDS: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet']);

/** Whether this is an object whose health can be told. */
export const isWorkload = (object: KubeObject): object is Workload => KINDS.has(object.kind ?? '');

const isDaemonSet = (workload: Workload): workload is DaemonSet => workload.kind === 'DaemonSet';
const isReplicaSet = (workload: Workload): workload is ReplicaSet => workload.kind === 'ReplicaSet';
const isStatefulSet = (workload: Workload): workload is StatefulSet => workload.kind === 'StatefulSet';

export function rolloutCounts(workload: Workload): RolloutCounts {
  if (isDaemonSet(workload))
    return {
      desired: workload.status?.desiredNumberScheduled ?? 0,
      current: workload.status?.currentNumberScheduled ?? 0,
      updated: workload.status?.updatedNumberScheduled ?? 0,
      available: workload.status?.numberAvailable ?? 0,
    };
  const counts = {
    desired: workload.spec.replicas ?? 1,
    current: workload.status?.replicas ?? 0,
    available: workload.status?.availableReplicas ?? 0,
  };
  // It has one revision only.
  if (isReplicaSet(workload)) return { ...counts, updated: counts.current };
  // A StatefulSet keeps the pods below its partition on the old revision on purpose.
  const partition = isStatefulSet(workload) ? (workload.spec.updateStrategy?.rollingUpdate?.partition ?? 0) : 0;
  return { ...counts, updated: (workload.status?.updatedReplicas ?? 0) + partition };
}

/** A number that somebody decides on; where a DaemonSet runs follows from the nodes. */
export const wantedReplicas = (workload: Workload): number | undefined =>
  isDaemonSet(workload) ? undefined : (workload.spec.replicas ?? 1);

/** By its controller's own account everything that is wanted is available. */
export function isWell(workload: Workload): boolean {
  const { desired, available } = rolloutCounts(workload);
  return desired > 0 && available >= desired;
}

const settling = (detail: string): Measurement => ({ state: 'settling', detail });

function containerTrouble(container: ContainerStatus): string | undefined {
  const { waiting, terminated } = container.state ?? {};
  if (waiting?.reason !== undefined && waiting.reason !== 'ContainerCreating' && waiting.reason !== 'PodInitializing')
    return `container ${container.name} is waiting: ${waiting.reason}`;
  if (terminated !== undefined && terminated.exitCode !== 0)
    return `container ${container.name} terminated: ${terminated.reason ?? 'Error'} (exit ${terminated.exitCode})`;
  return undefined;
}

function podTrouble(pod: Pod): string | undefined {
  const status = pod.status;
  for (const container of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const trouble = containerTrouble(container);
    if (trouble !== undefined) return trouble;
  }
  if (status?.phase === 'Running' && status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True')
    return undefined;
  return `is ${status?.phase ?? 'Pending'} and not Ready`;
}

/** Enough of a pod's uid to tell the pods of one workload apart, and short enough to note a hundred of them. */
export const podKey = (pod: Pod): string => pod.metadata.uid.slice(0, 13);

/**
 * Restarts of all containers that are to run on, sidecars included; a pod made after the effect starts at zero. An init
 * container that tries again until what it waits for is there is no trouble.
 */
export function restartsOf({ spec, status }: Pod): number {
  const sidecars = new Set(
    (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always').map(({ name }) => name),
  );
  return [
    ...(status?.initContainerStatuses ?? []).filter(({ name }) => sidecars.has(name)),
    ...(status?.containerStatuses ?? []),
  ].reduce((sum, container) => sum + container.restartCount, 0);
}

/** More pods than this are not compared one by one. */
const MAX_PODS = 60;

/** Of the pods that have restarted, those that did most often. */
export const restartsByPod = (pods: readonly Pod[]): Readonly<Record<string, number>> =>
  Object.fromEntries(
    pods
      .map((pod) => [podKey(pod), restartsOf(pod)] as const)
      .filter(([, count]) => count > 0)
      .sort(([, a], [, b]) => b - a)
      .slice(0, MAX_PODS),
  );

/**
 * Is the workload rolled out and are all its pods well, by evidence newer than the effect? `pods` are the workload's own,
 * those being deleted included. Anything that may yet come right is `settling`: only time turns it into a failure.
 * `asked` is the number of replicas that the effect itself has set.
 */
export function workloadHealth(
  workload: Workload,
  pods: readonly Pod[],
  baseline: Baseline,
  asked?: number,
): Measurement {
  const named = `${workload.kind ?? 'workload'} ${workload.metadata.name}`;
  const observed = workload.status?.observedGeneration ?? 0;
  if (observed < baseline.generation || observed < (workload.metadata.generation ?? 0))
    return settling(`${named}: its controller has not seen generation ${workload.metadata.generation ?? 0} yet`);

  const { desired, current, updated, available } = rolloutCounts(workload);
  const counted = `${updated} of ${desired} updated, ${available} available`;
  if (updated < desired || current > desired || available < desired) return settling(`${named}: ${counted}`);
  if (asked !== undefined && desired < asked)
    return settling(`${named}: ${asked} replicas were set, ${desired} are wanted by now`);
  const living = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  if (desired === 0) return emptyHealth(named, living.length, baseline, asked);
  if (asked === undefined && baseline.desired !== undefined && desired < baseline.desired)
    return settling(`${named}: ${desired} replicas are wanted, ${baseline.desired} were before: fewer prove nothing`);

  if (living.length < desired) return settling(`${named}: ${living.length} of ${desired} pods seen`);
  for (const pod of living) {
    const trouble = podTrouble(pod);
    if (trouble !== undefined) return settling(`pod ${pod.metadata.name} ${trouble}`);
  }
  return {
    state: 'healthy',
    detail: `${named}: ${counted}, ${living.length} pods Running and Ready`,
    restarts: restartsByPod(living),
  };
}

function emptyHealth(named: string, living: number, baseline: Baseline, asked: number | undefined): Measurement {
  if (asked === 0 && living > 0) return settling(`${named}: ${living} pods of 0 are still there`);
  if (asked === 0) return { state: 'healthy', detail: `${named}: no pods are left, as was asked for`, restarts: {} };
  return baseline.available > 0
    ? { state: 'failed', detail: `${named} was scaled to 0: nothing is left to be healthy` }
    : { state: 'unknown', detail: `${named} has no replicas: nothing is there that could be healthy` };
}
