import type { Scenario } from '../scenario.ts';
import { deploy, deployStateful, podsOf } from './workloads.ts';

const action = { name: 'again', type: 'restart' } as const;
const once = { effects: 1, rollbacks: 0, reasons: ['Healed'] } as const;

export const restartDeployment: Scenario = {
  name: 'restart-deployment',
  action,
  async prepare(ground) {
    await deploy(ground, 'cart');
    return {
      target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
      busy: { plural: 'deployments', name: 'cart' },
    };
  },
  expect: () => ({ ...once, targets: ['deployments/cart'] }),
};

export const restartStatefulSet: Scenario = {
  name: 'restart-statefulset',
  action,
  async prepare(ground) {
    await deployStateful(ground, 'cart');
    return {
      target: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'cart' },
      busy: { plural: 'statefulsets', name: 'cart' },
    };
  },
  expect: () => ({ ...once, targets: ['statefulsets/cart'] }),
};

export const restartPod: Scenario = {
  name: 'restart-pod',
  action,
  async prepare(ground) {
    await deploy(ground, 'cart', { replicas: 2 });
    const [pod] = await podsOf(ground, 'cart');
    if (pod === undefined) throw new Error('the Deployment has no pod');
    const { name, uid } = pod.metadata;
    return { target: { apiVersion: 'v1', kind: 'Pod', name, uid }, busy: { plural: 'pods', name } };
  },
  expect: ({ target }) => ({ ...once, targets: [`pods/${target.name}`] }),
};

/** Pod by pod: an effect of two parts. */
export const restartByEvictions: Scenario = {
  name: 'restart-by-evictions',
  action: { name: 'again', type: 'restart', restartAction: { strategy: 'recreate', gracePeriodSeconds: 0 } },
  async prepare(ground) {
    await deploy(ground, 'cart', { replicas: 2 });
    const [first, ...others] = await podsOf(ground, 'cart');
    if (first === undefined) throw new Error('the Deployment has no pod');
    return {
      target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
      busy: { plural: 'pods', name: first.metadata.name },
      objects: [first, ...others],
    };
  },
  expect: ({ objects = [] }) => ({
    effects: objects.length,
    rollbacks: 0,
    reasons: ['Healed'],
    targets: objects.map(({ metadata }) => `pods/${metadata.name}`),
  }),
};
