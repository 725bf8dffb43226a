import { BROKEN_IMAGE } from '../../support/stand-in-node.ts';
import type { Scenario } from '../scenario.ts';
import { deploy, rollOut } from './workloads.ts';

const action = { name: 'back', type: 'undo' } as const;
const target = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' } as const;
const busy = { plural: 'deployments', name: 'cart' } as const;
const targets = ['deployments/cart'] as const;

export const undo: Scenario = {
  name: 'undo',
  action,
  async prepare(ground) {
    await deploy(ground, 'cart');
    await rollOut(ground, 'cart', BROKEN_IMAGE);
    return { target, busy };
  },
  expect: () => ({ targets, effects: 1, rollbacks: 0, reasons: ['Healed'] }),
};

/** The revision before is worse: with a person's consent it is tried, does not become available, and is taken back. */
export const undoTakenBack: Scenario = {
  name: 'undo-taken-back',
  action,
  approved: true,
  // Kept if nothing is worse yet: it is judged once its pods have failed, however long the controllers take for them.
  policy: { verification: { stabilizationWindow: '0s', timeout: '15s' } },
  async prepare(ground) {
    await deploy(ground, 'cart', { image: BROKEN_IMAGE, strategy: 'Recreate' });
    await rollOut(ground, 'cart', 'app:2');
    return { target, busy };
  },
  expect: () => ({ targets, effects: 1, rollbacks: 1, reasons: ['RolledBack'] }),
};
