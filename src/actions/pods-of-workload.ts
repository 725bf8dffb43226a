import type { KubeObject } from '../api/meta.ts';
import type { Pod } from '../api/workloads.ts';
import type { Workload } from '../domain/health.ts';
import { controllerOf } from '../domain/owner-chain.ts';
import type { ClusterReader } from '../ports/cluster.ts';
import { isPod } from './objects.ts';

/** A label selector for lists of what hangs on the workload. It narrows them; ownership is what decides. */
export const narrowing = ({ spec }: Workload): string =>
  Object.entries(spec.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/**
 * The pods that the workload selects, and the ReplicaSets through which a Deployment owns them. `quick`: no older than the
 * workload itself, as it was read, instead of as new as can be.
 */
export async function listPods(
  cluster: ClusterReader,
  workload: Workload,
  { quick = false }: { readonly quick?: boolean } = {},
): Promise<readonly KubeObject[]> {
  const { namespace = '', resourceVersion } = workload.metadata;
  const since = quick ? { notOlderThan: resourceVersion } : {};
  const labels = narrowing(workload);
  const lists = await Promise.all([
    cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace, ...since }, labels),
    workload.kind === 'Deployment'
      ? cluster.list({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace, ...since }, labels)
      : [],
  ]);
  return lists.flat();
}

/** So many pods are read one by one in less time than the API server needs to be sure of its list. */
const FEW = 10;

/**
 * As {@link listPods}, with each of the workload's own pods as it is now. Where they are few they are read by name: only one
 * that came this very moment may be missing, and what its template says of it stands in the workload too.
 */
export async function readPods(cluster: ClusterReader, workload: Workload): Promise<readonly KubeObject[]> {
  const listed = await listPods(cluster, workload, { quick: true });
  const own = controlledPods(workload, listed);
  if (own.length > FEW) return listPods(cluster, workload);
  const { namespace = '' } = workload.metadata;
  const read = await Promise.all(
    own.map(({ metadata: { name } }) => cluster.get<Pod>({ apiVersion: 'v1', kind: 'Pod', namespace, name })),
  );
  return [...listed.filter((object) => !isPod(object)), ...read.filter((pod) => pod !== undefined)];
}

/** Of what was listed, all of the workload's own pods: those being deleted included, and those that have run to their end. */
export function controlledPods(workload: Workload, listed: readonly KubeObject[]): readonly Pod[] {
  const { uid } = workload.metadata;
  const owners = new Set([uid]);
  for (const object of listed) if (!isPod(object) && controllerOf(object)?.uid === uid) owners.add(object.metadata.uid);
  return listed.filter(isPod).filter((pod) => owners.has(controllerOf(pod)?.uid ?? ''));
}

/** The same without what has run to its end, which is no pod any more. */
export const ownPods = (workload: Workload, listed: readonly KubeObject[]): readonly Pod[] =>
  controlledPods(workload, listed).filter(isRunning);

/** Or about to run. */
export const isRunning = ({ status }: Pod): boolean => status?.phase !== 'Succeeded' && status?.phase !== 'Failed';

export const isLeaving = (pod: Pod): boolean => pod.metadata.deletionTimestamp !== undefined;
export const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
