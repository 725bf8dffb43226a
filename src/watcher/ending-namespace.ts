import type { ClusterReader } from '../ports/cluster.ts';

/** Whether a namespace waits for what is in it to go. */
export async function isBeingDeleted(cluster: Pick<ClusterReader, 'get'>, namespace: string): Promise<boolean> {
  const found = await cluster.get({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: namespace });
  return found?.metadata.deletionTimestamp !== undefined;
}
