import { BROKEN_IMAGE } from '../../support/stand-in-node.ts';
import type { Scenario } from '../scenario.ts';
import { deploy } from './workloads.ts';

const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' } as const;
const busy = { plural: 'deployments', name: 'cart' } as const;
const targets = ['deployments/cart'] as const;
const ofContainer = (fields: object): string =>
  JSON.stringify({ spec: { template: { spec: { containers: [{ name: 'app', ...fields }] } } } });

export const patch: Scenario = {
  name: 'patch',
  action: {
    name: 'room',
    type: 'patch',
    patchAction: { type: 'strategic', patch: ofContainer({ resources: { limits: { memory: '64Mi' } } }) },
  },
  async prepare(ground) {
    await deploy(ground, 'cart');
    return { target, busy };
  },
  expect: () => ({ targets, effects: 1, rollbacks: 0, reasons: ['Healed'] }),
};

/** An image that does not exist: with a person's consent it is tried, and taken back. */
export const patchTakenBack: Scenario = {
  name: 'patch-taken-back',
  action: {
    name: 'other',
    type: 'patch',
    patchAction: { type: 'strategic', patch: ofContainer({ image: BROKEN_IMAGE }) },
  },
  approved: true,
  policy: { verification: { stabilizationWindow: '0s', timeout: '2s' } },
  async prepare(ground) {
    await deploy(ground, 'cart', { strategy: 'Recreate' });
    return { target, busy };
  },
  expect: () => ({ targets, effects: 1, rollbacks: 1, reasons: ['RolledBack'] }),
};
