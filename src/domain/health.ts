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

export function rolloutCounts(workload: Workload): RolloutCounts {
  const status = workload.status;
  if (workload.kind === 'DaemonSet') {
    const daemons = (workload as DaemonSet).status;
    return {
      desired: daemons?.desiredNumberScheduled ?? 0,
      current: daemons?.currentNumberScheduled ?? 0,
      updated: daemons?.updatedNumberScheduled ?? 0,
      available: daemons?.numberAvailable ?? 0,
    };
  }
  const { spec } = workload as Deployment | StatefulSet | ReplicaSet;
  const counts = status as Deployment['status'] & StatefulSet['status'];
  const current = counts?.replicas ?? 0;
  const partition = (spec as StatefulSet['spec']).updateStrategy?.rollingUpdate?.partition ?? 0;
  return {
    desired: spec.replicas ?? 1,
    current,
    // A ReplicaSet has one revision only; a StatefulSet keeps the pods below its partition on the old one on purpose.
    updated: workload.kind === 'ReplicaSet' ? current : (counts?.updatedReplicas ?? 0) + partition,
    available: counts?.availableReplicas ?? 0,
  };
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

function podTrouble(pod: Pod, baseline: Baseline): string | undefined {
  const status = pod.status;
  for (const container of [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]) {
    const trouble = containerTrouble(container);
    if (trouble !== undefined) return trouble;
  }
  const restarts = restartsOf(pod);
  const before = baseline.restarts[pod.metadata.uid] ?? 0;
  if (restarts > before) return `restarted ${restarts - before} times since the effect`;
  if (status?.phase === 'Running' && status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True')
    return undefined;
  return `is ${status?.phase ?? 'Pending'} and not Ready`;
}

/** All restarts of all containers; a pod made after the effect starts at zero. */
export const restartsOf = (pod: Pod): number =>
  (pod.status?.containerStatuses ?? []).reduce((sum, container) => sum + container.restartCount, 0);

/**
 * Is the workload rolled out and are all its pods well, by evidence newer than the effect? `pods` are the workload's own,
 * those being deleted included. Anything that may yet come right is `settling`: only time turns it into a failure.
 */
export function workloadHealth(workload: Workload, pods: readonly Pod[], baseline: Baseline): Measurement {
  const named = `${workload.kind ?? 'workload'} ${workload.metadata.name}`;
  const observed = workload.status?.observedGeneration ?? 0;
  if (observed < baseline.generation || observed < (workload.metadata.generation ?? 0))
    return settling(`${named}: its controller has not seen generation ${workload.metadata.generation ?? 0} yet`);

  const { desired, current, updated, available } = rolloutCounts(workload);
  const counted = `${updated} of ${desired} updated, ${available} available`;
  if (updated < desired || current > desired || available < desired) return settling(`${named}: ${counted}`);
  if (desired === 0 && baseline.available > 0)
    return { state: 'failed', detail: `${named} was scaled to 0: nothing is left to be healthy` };

  const living = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined);
  if (living.length < desired) return settling(`${named}: ${living.length} of ${desired} pods seen`);
  for (const pod of living) {
    const trouble = podTrouble(pod, baseline);
    if (trouble !== undefined) return settling(`pod ${pod.metadata.name} ${trouble}`);
  }
  return { state: 'healthy', detail: `${named}: ${counted}, ${living.length} pods Running and Ready, no restarts` };
}
