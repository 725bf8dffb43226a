import { rolloutCounts } from '../../domain/health.ts';
import { isDeployment, isStatefulSet, type Workload } from './workload.ts';

/**
 * How many pods the workload's own update strategy takes down at a time; `manual` when it waits for somebody to delete
 * them.
 */
export function takenDownAtOnce(workload: Workload): number | 'manual' {
  const all = rolloutCounts(workload).desired;
  if (isDeployment(workload)) {
    const { type, rollingUpdate } = workload.spec.strategy ?? {};
    if (type === 'Recreate') return all;
    // Rounded down; when nothing is left of it and of the surge, the controller takes one.
    return Math.max(resolve(rollingUpdate?.maxUnavailable ?? '25%', all, Math.floor), Math.min(1, all));
  }
  const { type, rollingUpdate } = workload.spec.updateStrategy ?? {};
  if (type === 'OnDelete') return 'manual';
  // Rounded up. A cluster that does not know the field for StatefulSets takes one.
  return resolve(rollingUpdate?.maxUnavailable ?? 1, all, Math.ceil);
}

function resolve(value: number | string, all: number, round: (share: number) => number): number {
  if (typeof value === 'number') return value;
  const share = /^(\d+)%$/.exec(value)?.[1];
  // Whatever else it is, the API server has refused it.
  return share === undefined ? all : round((Number(share) * all) / 100);
}

/** Whether a pod that is deleted comes back as another than it was: from a template that is not rolled out yet. */
export function updatesPending(workload: Workload): boolean {
  const { updated, desired } = rolloutCounts(workload);
  if (!isStatefulSet(workload)) return updated < desired;
  const { currentRevision, updateRevision } = workload.status ?? {};
  return currentRevision !== updateRevision;
}
