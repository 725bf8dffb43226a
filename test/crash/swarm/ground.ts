import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { Deployment, Pod } from '../../../src/api/workloads.ts';
import { API_VERSION } from '../../../src/api/constants.ts';
import { eventually } from '../../support/eventually.ts';
import { BROKEN_IMAGE } from '../../support/stand-in-node.ts';
import type { Ground } from '../scenario.ts';
import { createDeployment, createRepair, isRolledOut, podsOf, setImage } from '../scenarios/workloads.ts';
import { ordersOf, policies, shapes, type Order } from './orders.ts';

const READY_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 250;

/** Makes everything that the swarm is for, and tells what the swarm is. */
export async function prepare(ground: Ground): Promise<readonly Order[]> {
  const { admin, namespace } = ground;
  await admin.create(resources.namespaces, {}, { metadata: { name: namespace } });
  await createRepair(ground, 'repair');
  for (const [name, spec] of Object.entries(policies))
    await admin.create(resources.healingPolicies, ground, {
      apiVersion: API_VERSION,
      kind: 'HealingPolicy',
      metadata: { name },
      spec,
    });
  await Promise.all(shapes.map(({ name, ...shape }) => createDeployment(ground, name, shape)));
  await allRolledOut(ground);
  await Promise.all(shapes.filter(({ broken }) => broken).map(({ name }) => setImage(ground, name, BROKEN_IMAGE)));
  await allRolledOut(ground);
  const herds = shapes.filter(({ replicas }) => replicas !== undefined).map(({ name }) => name);
  const pods = new Map<string, readonly Pod[]>();
  for (const herd of herds) pods.set(herd, await podsOf(ground, herd));
  return ordersOf((herd) => pods.get(herd) ?? []);
}

export async function deploymentsOf({ admin, namespace }: Ground): Promise<readonly Deployment[]> {
  const { items } = await admin.list<Deployment>(resources.deployments, { namespace });
  return items.map((item) => ({ ...item, apiVersion: 'apps/v1', kind: 'Deployment' }));
}

/** All Deployments are as far as their images permit. */
export const allRolledOut = (ground: Ground): Promise<readonly Deployment[]> =>
  eventually(
    async () => {
      const deployments = await deploymentsOf(ground);
      const slow = deployments.filter((deployment) => !isRolledOut(deployment)).map(({ metadata }) => metadata.name);
      if (slow.length > 0) throw new Error(`not rolled out: ${slow.join(', ')}`);
      return deployments;
    },
    READY_WITHIN_MS,
    LOOK_EVERY_MS,
  );
