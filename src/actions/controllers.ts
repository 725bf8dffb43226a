import type { KubeObject } from '../api/meta.ts';
import type { Workload } from '../domain/health.ts';
import { controllerOf } from '../domain/owner-chain.ts';
import type { ClusterReader } from '../ports/cluster.ts';
import type { Parameters } from './define-action.ts';

/** Pod, ReplicaSet, Deployment: whoever makes the replacement is whose health shows whether it helped. Nearest first. */
export async function controllers(cluster: ClusterReader, object: KubeObject): Promise<readonly KubeObject[]> {
  const found: KubeObject[] = [];
  for (let next = controllerOf(object); next !== undefined && found.length < 3;) {
    const owner = await cluster.get({ ...next, namespace: object.metadata.namespace ?? '' });
    if (owner?.metadata.uid !== next.uid) break;
    found.push(owner);
    next = controllerOf(owner);
  }
  return found;
}

/** By these a plan remembers whose health counts once its target is gone. */
export const workloadParameters = (workload: Workload): Parameters => ({
  workloadApiVersion: workload.apiVersion ?? '',
  workloadKind: workload.kind ?? '',
  workloadName: workload.metadata.name,
  workloadUid: workload.metadata.uid,
});
