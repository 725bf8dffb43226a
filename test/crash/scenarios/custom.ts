import type { Scenario } from '../scenario.ts';
import { deploy } from './workloads.ts';

/** A Job from a template of the namespace; whatever name it gets, there is one. */
export const custom: Scenario = {
  name: 'custom',
  action: { name: 'job', type: 'custom', requiresApproval: false, customAction: { podTemplateName: 'repair' } },
  async prepare(ground) {
    await deploy(ground, 'cart');
    await ground.admin.request('POST', `/api/v1/namespaces/${ground.namespace}/podtemplates`, {
      body: {
        apiVersion: 'v1',
        kind: 'PodTemplate',
        metadata: { name: 'repair' },
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'repair', image: 'app:1' }] } },
      },
    });
    return {
      target: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
      busy: { plural: 'deployments', name: 'cart' },
    };
  },
  expect: () => ({ targets: ['jobs/*'], effects: 1, rollbacks: 0, reasons: ['Healed'] }),
};
