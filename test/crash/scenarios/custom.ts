import type { Scenario } from '../scenario.ts';
import { createRepair, deploy } from './workloads.ts';

/** A Job from a template of the namespace; whatever name it gets, there is one. */
export const custom: Scenario = {
  name: 'custom',
  action: { name: 'job', type: 'custom', requiresApproval: false, customAction: { podTemplateName: 'repair' } },
  async prepare(ground) {
    await deploy(ground, 'cart');
    await createRepair(ground, 'repair');
    return {
      target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
      busy: { plural: 'deployments', name: 'cart' },
    };
  },
  expect: () => ({ targets: ['jobs/*'], effects: 1, rollbacks: 0, reasons: ['Healed'] }),
};
