import { pathOf, resources, type Resource } from '../../../src/adapters/kubernetes/resource.ts';
import type { Deployment, Pod, StatefulSet } from '../../../src/api/workloads.ts';
import { rolloutCounts, type Workload } from '../../../src/domain/health.ts';
import { eventually } from '../../support/eventually.ts';
import { BROKEN_IMAGE } from '../../support/stand-in-node.ts';
import type { Ground } from '../scenario.ts';

const SETTLED_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 100;
export const GOOD_IMAGE = 'app:1';

export interface Shape {
  readonly image?: string;
  readonly replicas?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Deployments only. */
  readonly strategy?: 'Recreate' | 'RollingUpdate';
}

const template = (name: string, image: string): object => ({
  metadata: { labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'app', image }] },
});

/** A Deployment that is rolled out as far as its image permits. */
export async function deploy(ground: Ground, name: string, shape: Shape = {}): Promise<Deployment> {
  return settled(ground, resources.deployments, await createDeployment(ground, name, shape));
}

/** The same, but not awaited. */
export function createDeployment({ admin, namespace }: Ground, name: string, shape: Shape = {}): Promise<Deployment> {
  const { image = GOOD_IMAGE, replicas = 1, strategy, annotations } = shape;
  return admin.create<Deployment>(
    resources.deployments,
    { namespace },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels: { app: name }, ...(annotations === undefined ? {} : { annotations }) },
      spec: {
        replicas,
        selector: { matchLabels: { app: name } },
        template: template(name, image),
        ...(strategy === undefined ? {} : { strategy: { type: strategy } }),
      },
    },
  );
}

/** A StatefulSet whose pods are all ready. */
export async function deployStateful(ground: Ground, name: string): Promise<StatefulSet> {
  const made = await ground.admin.create<StatefulSet>(resources.statefulSets, ground, {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name, labels: { app: name } },
    spec: {
      serviceName: name,
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: template(name, GOOD_IMAGE),
    },
  });
  return settled(ground, resources.statefulSets, made);
}

/** A rollout to another image, as far as that permits. */
export async function rollOut(ground: Ground, name: string, image: string): Promise<Deployment> {
  return settled(ground, resources.deployments, await setImage(ground, name, image));
}

export const setImage = ({ admin, namespace }: Ground, name: string, image: string): Promise<Deployment> =>
  admin.patch<Deployment>(resources.deployments, { namespace, name }, 'strategic', {
    spec: { template: { spec: { containers: [{ name: 'app', image }] } } },
  });

/** As far as its image permits. */
export function isRolledOut(workload: Workload): boolean {
  const { metadata, spec, status } = workload;
  const { desired, current, updated, available } = rolloutCounts(workload);
  const seen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  const canBeReady = spec.template.spec.containers[0]?.image !== BROKEN_IMAGE;
  const ready = available === desired && current === desired;
  return seen && updated >= desired && (!canBeReady || ready);
}

/** Its controller has made the pods of the newest template; those that can be ready are. */
async function settled<T extends Workload>(ground: Ground, resource: Resource, { metadata }: T): Promise<T> {
  const { namespace, admin } = ground;
  return eventually(
    async () => {
      const live = await admin.get<T>(resource, { namespace, name: metadata.name });
      if (!isRolledOut({ ...live, kind: resource.kind }))
        throw new Error(`${pathOf(resource, { namespace, name: metadata.name })} is not rolled out`);
      return { ...live, apiVersion: 'apps/v1', kind: resource.kind };
    },
    SETTLED_WITHIN_MS,
    LOOK_EVERY_MS,
  );
}

/** What a Job of a healing runs. */
export async function createRepair({ admin, namespace }: Ground, name: string): Promise<void> {
  await admin.create(
    resources.podTemplates,
    { namespace },
    {
      apiVersion: 'v1',
      kind: 'PodTemplate',
      metadata: { name },
      template: { spec: { restartPolicy: 'Never', containers: [{ name, image: GOOD_IMAGE }] } },
    },
  );
}

export async function podsOf({ admin, namespace }: Ground, app: string): Promise<readonly Pod[]> {
  const { items } = await admin.list<Pod>(resources.pods, { namespace, labelSelector: `app=${app}` });
  return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}
