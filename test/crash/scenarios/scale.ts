import type { Scenario } from '../scenario.ts';
import { deploy } from './workloads.ts';

const action = { name: 'more', type: 'scale', scaleAction: { direction: 'up', replicas: 1 } } as const;
const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' } as const;
const busy = { plural: 'deployments', name: 'cart' } as const;
const targets = ['deployments/cart'] as const;

export const scale: Scenario = {
  name: 'scale',
  action,
  async prepare(ground) {
    await deploy(ground, 'cart');
    return { target, busy };
  },
  expect: () => ({ targets, effects: 1, rollbacks: 0, reasons: ['Healed'] }),
};

/** A quota lets nobody make one pod more: it does not help, and is taken back. */
export const scaleTakenBack: Scenario = {
  name: 'scale-taken-back',
  action,
  policy: { verification: { stabilizationWindow: '0s', timeout: '2s' } },
  async prepare(ground) {
    await deploy(ground, 'cart');
    await ground.admin.request('POST', `/api/v1/namespaces/${ground.namespace}/resourcequotas`, {
      body: { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'full' }, spec: { hard: { pods: '1' } } },
    });
    return { target, busy };
  },
  expect: () => ({ targets, effects: 1, rollbacks: 1, reasons: ['RolledBack'] }),
};
