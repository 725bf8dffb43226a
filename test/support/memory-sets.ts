import type { ControllerRevision, DaemonSet, Pod, StatefulSet } from '../../src/api/workloads.ts';
import { refOf, type MemoryApiServer } from './memory-api-server.ts';
import { hashOf, makePod, ownedBy, type IsBroken } from './memory-pods.ts';
import { controlledBy } from './objects.ts';

type Set = StatefulSet | DaemonSet;

/** Nodes on which the pods of a DaemonSet run. */
const NODES = 2;
const HASH = 'controller-revision-hash';

const isOrdered = (set: Set): boolean =>
  'podManagementPolicy' in set.spec ? set.spec.podManagementPolicy !== 'Parallel' : set.kind === 'StatefulSet';

/**
 * The controllers of StatefulSets and DaemonSets, for which nothing takes any time. An ordered StatefulSet waits for a pod
 * that is not Ready, also if that is of a template that is wanted no more; a DaemonSet replaces it.
 */
export function reconcileSets(api: MemoryApiServer, isBroken: IsBroken): void {
  for (const set of [...api.list('StatefulSet'), ...api.list('DaemonSet')]) reconcile(api, set as Set, isBroken);
}

function reconcile(api: MemoryApiServer, set: Set, isBroken: IsBroken): void {
  const { namespace = '', name, generation = 0 } = set.metadata;
  const { template } = set.spec;
  const owned = (kind: string) => ownedBy(api, kind, set);
  const hash = hashOf(template);
  const revision = `${name}-${hash}`;
  const revisions = owned('ControllerRevision') as ControllerRevision[];
  const newest = Math.max(0, ...revisions.map((one) => one.revision));
  const current = revisions.find(({ metadata }) => metadata.name === revision);
  const body = { data: { spec: { template: { ...template, $patch: 'replace' } } }, revision: newest + 1 };
  if (current === undefined)
    api.create({
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: revision,
        namespace,
        labels: { ...template.metadata?.labels },
        ownerReferences: [controlledBy(set)],
      },
      ...body,
    });
  else if (current.revision < newest) api.edit(refOf(current), (object) => ({ ...object, ...body }));

  const wanted = set.kind === 'DaemonSet' ? NODES : 'replicas' in set.spec ? (set.spec.replicas ?? 1) : 1;
  const mark = set.kind === 'DaemonSet' ? hash : revision;
  const podAt = (index: number): Pod | undefined =>
    owned('Pod').find(({ metadata }) => metadata.name === `${name}-${index}`) as Pod | undefined;
  const fill = (index: number): void => {
    const labels = { ...template.metadata?.labels, [HASH]: mark };
    makePod(api, set, { name: `${name}-${index}`, labels }, isBroken(template));
  };
  for (let index = wanted; podAt(index) !== undefined; index++) api.delete(podRef(namespace, name, index));
  for (let index = 0; index < wanted; index++) if (podAt(index) === undefined) fill(index);
  const old = (): number[] =>
    Array.from({ length: wanted }, (_, index) => index).filter(
      (index) => podAt(index)?.metadata.labels?.[HASH] !== mark,
    );
  const stuck = (): boolean =>
    Array.from({ length: wanted }, (_, index) => podAt(index)).some((pod) => pod !== undefined && !isReady(pod));
  for (let next = old().at(-1); next !== undefined; next = old().at(-1)) {
    if (stuck() && (isOrdered(set) || isBroken(template))) break;
    api.delete(podRef(namespace, name, next));
    fill(next);
  }
  const pods = owned('Pod') as Pod[];
  const updated = pods.filter(({ metadata }) => metadata.labels?.[HASH] === mark).length;
  const available = pods.filter(isReady).length;
  api.edit(refOf(set), (object) => ({
    ...object,
    status:
      set.kind === 'DaemonSet'
        ? {
            observedGeneration: generation,
            desiredNumberScheduled: wanted,
            currentNumberScheduled: pods.length,
            updatedNumberScheduled: updated,
            numberAvailable: available,
          }
        : {
            observedGeneration: generation,
            replicas: pods.length,
            updatedReplicas: updated,
            readyReplicas: available,
            availableReplicas: available,
            updateRevision: revision,
          },
  }));
}

const isReady = (pod: Pod): boolean => pod.status?.conditions?.some(({ status }) => status === 'True') === true;

const podRef = (namespace: string, name: string, index: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  namespace,
  name: `${name}-${index}`,
});
