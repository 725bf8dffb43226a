import { createHash } from 'node:crypto';
import type { ControllerRevision, DaemonSet, Pod, PodTemplateSpec, StatefulSet } from '../../src/api/workloads.ts';
import { canonical } from '../../src/domain/canonical.ts';
import { refOf, type MemoryApiServer } from './memory-api-server.ts';
import { controlledBy } from './objects.ts';

type Set = StatefulSet | DaemonSet;
type IsBroken = (template: PodTemplateSpec) => boolean;

/** Nodes on which the pods of a DaemonSet run. */
const NODES = 2;
const HASH = 'controller-revision-hash';

const hashOf = (template: PodTemplateSpec): string =>
  createHash('sha256').update(canonical(template)).digest('hex').slice(0, 9);
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
  const { namespace = '', name, uid, generation = 0 } = set.metadata;
  const { template } = set.spec;
  const owned = (kind: string) =>
    api
      .list(kind, namespace)
      .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid) === true);
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
  for (let index = wanted; podAt(index) !== undefined; index++) api.delete({ ...podRef(namespace, name, index) });
  for (let index = 0; index < wanted; index++)
    if (podAt(index) === undefined) makePod(api, set, index, mark, isBroken(template));
  const old = (): number[] =>
    Array.from({ length: wanted }, (_, index) => index).filter(
      (index) => podAt(index)?.metadata.labels?.[HASH] !== mark,
    );
  const stuck = (): boolean =>
    Array.from({ length: wanted }, (_, index) => podAt(index)).some((pod) => pod !== undefined && !isReady(pod));
  for (let next = old().at(-1); next !== undefined; next = old().at(-1)) {
    if (stuck() && (isOrdered(set) || isBroken(template))) break;
    api.delete(podRef(namespace, name, next));
    makePod(api, set, next, mark, isBroken(template));
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

function makePod(api: MemoryApiServer, set: Set, index: number, mark: string, broken: boolean): void {
  const { name, namespace = '' } = set.metadata;
  const status: Pod['status'] = {
    phase: broken ? 'Pending' : 'Running',
    conditions: [{ type: 'Ready', status: broken ? 'False' : 'True' }],
    containerStatuses: [
      {
        name: 'app',
        restartCount: 0,
        ready: !broken,
        state: broken ? { waiting: { reason: 'ImagePullBackOff' } } : { running: {} },
      },
    ],
  };
  api.create({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-${index}`,
      namespace,
      labels: { ...set.spec.template.metadata?.labels, [HASH]: mark },
      ownerReferences: [controlledBy(set)],
    },
    spec: set.spec.template.spec,
    status,
  });
}
