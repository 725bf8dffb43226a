import type { KubeObject } from '../../api/meta.ts';
import type { Pod, ReplicaSet } from '../../api/workloads.ts';
import { controllerOf } from '../../domain/owner-chain.ts';
import type { ClusterReader } from '../../ports/cluster.ts';
import { isPod } from '../objects.ts';
import { isDeployment, type Workload } from './workload.ts';

/** The pods that the workload selects, and the ReplicaSets through which a Deployment owns them. */
export async function listPods(cluster: ClusterReader, workload: Workload): Promise<readonly KubeObject[]> {
  const { namespace = '' } = workload.metadata;
  // Narrows the list; ownership is what decides.
  const labels = Object.entries(workload.spec.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
  const lists = await Promise.all([
    cluster.list<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace }, labels),
    isDeployment(workload)
      ? cluster.list<ReplicaSet>({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace }, labels)
      : [],
  ]);
  return lists.flat();
}

/** Of what was listed, the workload's own pods, those being deleted included; what has run to its end is no pod any more. */
export function ownPods(workload: Workload, listed: readonly KubeObject[]): readonly Pod[] {
  const { uid } = workload.metadata;
  const owners = new Set([uid]);
  for (const object of listed) if (!isPod(object) && controllerOf(object)?.uid === uid) owners.add(object.metadata.uid);
  return listed
    .filter(isPod)
    .filter((pod) => owners.has(controllerOf(pod)?.uid ?? ''))
    .filter(isRunning);
}

/** Or about to run. */
export const isRunning = ({ status }: Pod): boolean => status?.phase !== 'Succeeded' && status?.phase !== 'Failed';

export const isLeaving = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;
export const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
