import type { Deployment, ReplicaSet } from '../../src/api/workloads.ts';
import { refOf, type MemoryApiServer } from './memory-api-server.ts';
import { reconcileJobs } from './memory-jobs.ts';
import { hashOf, makePod, ownedBy, type IsBroken } from './memory-pods.ts';
import { reconcileSets } from './memory-sets.ts';
import { controlledBy } from './objects.ts';

const HASH = 'pod-template-hash';
const REVISION = 'deployment.kubernetes.io/revision';

const OWNERS = ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'];
const CONCERNED: ReadonlySet<string> = new Set([...OWNERS, 'Pod', 'Job']);

/**
 * The controllers of workloads and a kubelet for which nothing takes any time: one ReplicaSet per template, pods by name,
 * statuses. Pods of an image that is called broken wait; everything else is Ready at once.
 */
export function runControllers(api: MemoryApiServer, badImages: ReadonlySet<string>): void {
  const isBroken: IsBroken = (template) =>
    template.spec.containers.some(({ image = '' }) => image.includes('broken') || badImages.has(image));
  let working = false;
  api.onChange = (object) => {
    if (working || !CONCERNED.has(object.kind ?? '')) return;
    working = true;
    try {
      collect(api);
      for (const deployment of api.list('Deployment')) reconcile(api, deployment as Deployment, isBroken);
      reconcileSets(api, isBroken);
      reconcileJobs(api);
    } finally {
      working = false;
    }
  };
}

function reconcile(api: MemoryApiServer, deployment: Deployment, isBroken: IsBroken): void {
  const { namespace = '', name, generation = 0 } = deployment.metadata;
  const hash = hashOf(deployment.spec.template);
  const replicas = deployment.spec.replicas ?? 1;
  const replicaSets = () => ownedBy(api, 'ReplicaSet', deployment) as ReplicaSet[];

  let sets = replicaSets();
  const newest = Math.max(0, ...sets.map((set) => Number(set.metadata.annotations?.[REVISION] ?? 0)));
  const current = sets.find(({ metadata }) => metadata.name === `${name}-${hash}`);
  if (current === undefined) {
    const { template, selector } = deployment.spec;
    const labels = { ...template.metadata?.labels, [HASH]: hash };
    api.create({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels,
        annotations: { [REVISION]: String(newest + 1) },
        ownerReferences: [controlledBy(deployment)],
      },
      spec: { replicas, selector, template: { ...template, metadata: { ...template.metadata, labels } } },
    });
    sets = replicaSets();
  } else if (Number(current.metadata.annotations?.[REVISION] ?? 0) < newest) {
    api.edit(refOf(current), (set) => ({
      ...set,
      metadata: { ...set.metadata, annotations: { ...set.metadata.annotations, [REVISION]: String(newest + 1) } },
    }));
  }

  // A rollout that does not become Ready gets no further than its first pod.
  const isCurrent = (set: ReplicaSet): boolean => set.metadata.name === `${name}-${hash}`;
  const good = sets.filter((set) => !isBroken(set.spec.template) && (set.spec.replicas ?? 0) > 0);
  const keeper = isBroken(deployment.spec.template) ? good.find((set) => !isCurrent(set)) : undefined;
  const wanted = (set: ReplicaSet): number =>
    isCurrent(set) ? (keeper === undefined ? replicas : 1) : set === keeper ? replicas : 0;

  let [total, available, updated] = [0, 0, 0];
  for (const set of sets) {
    const count = wanted(set);
    const alive = ownedBy(api, 'Pod', set);
    for (const pod of alive.slice(count)) api.delete(refOf(pod));
    for (let index = alive.length; index < count; index++) makePodOf(api, set, isBroken(set.spec.template));
    const ready = isBroken(set.spec.template) ? 0 : count;
    total += count;
    available += ready;
    if (isCurrent(set)) updated = count;
    api.edit(refOf(set), (object) => ({
      ...object,
      spec: { ...set.spec, replicas: count },
      status: { replicas: count, availableReplicas: ready, observedGeneration: 99 },
    }));
  }
  api.edit(refOf(deployment), (object) => ({
    ...object,
    status: {
      observedGeneration: generation,
      replicas: total,
      updatedReplicas: updated,
      availableReplicas: available,
    },
  }));
}

/** What belonged to an object that is gone, goes. */
function collect(api: MemoryApiServer): void {
  const alive = new Set(OWNERS.flatMap((kind) => api.list(kind)).map(({ metadata }) => metadata.uid));
  for (const kind of ['ReplicaSet', 'ControllerRevision', 'Pod'])
    for (const object of api.list(kind)) {
      const owner = object.metadata.ownerReferences?.[0];
      if (owner === undefined || !OWNERS.includes(owner.kind) || alive.has(owner.uid)) continue;
      alive.delete(object.metadata.uid);
      api.delete(refOf(object));
    }
}

let serial = 0;

function makePodOf(api: MemoryApiServer, set: ReplicaSet, broken: boolean): void {
  serial += 1;
  const labels = set.spec.template.metadata?.labels ?? {};
  makePod(api, set, { name: `${set.metadata.name}-${serial}`, labels }, broken);
}
