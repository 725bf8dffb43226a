import type { Scenario } from '../scenario.ts';
import { deploy, podsOf } from './workloads.ts';

export const deletePod: Scenario = {
  name: 'delete-pod',
  action: { name: 'away', type: 'delete' },
  async prepare(ground) {
    await deploy(ground, 'cart', { replicas: 2 });
    const [pod] = await podsOf(ground, 'cart');
    if (pod === undefined) throw new Error('the Deployment has no pod');
    const { name, uid } = pod.metadata;
    return { target: { apiVersion: 'v1', kind: 'Pod', name, uid }, busy: { plural: 'pods', name } };
  },
  expect: ({ target }) => ({ targets: [`pods/${target.name}`], effects: 1, rollbacks: 0, reasons: ['Healed'] }),
};

/** Nothing makes it again: its manifest is kept, and a person has to agree. */
export const deleteDeployment: Scenario = {
  name: 'delete-deployment',
  action: { name: 'away', type: 'delete', deleteAction: { keepManifest: true } },
  approved: true,
  async prepare(ground) {
    await deploy(ground, 'cart');
    return {
      target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
      busy: { plural: 'deployments', name: 'cart' },
    };
  },
  expect: () => ({ targets: ['deployments/cart'], effects: 1, rollbacks: 0, reasons: ['Healed'] }),
};
