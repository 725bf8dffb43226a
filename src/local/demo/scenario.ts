import type { KubeClient } from '../../adapters/kubernetes/kube-client.ts';
import { resources } from '../../adapters/kubernetes/resource.ts';

export const DEMO_NAMESPACE = 'demo';

/** One fault that the demo brings about, the app it hits (a Deployment and its policy have the app's name), and its signs. */
export interface Scenario {
  readonly name: string;
  readonly app: string;
  /** What goes wrong, for people. */
  readonly fault: string;
  /** What a person would have typed to bring it about; absent when the app brings it about by itself. */
  readonly command?: string;
  /** The same as a strategic merge patch of the Deployment. */
  readonly patch?: object;
  /** What there is to know once it was healed. */
  readonly afterwards?: string;
  /** The state of a container on which the policy fires. */
  readonly condition: string;
}

const container = (fields: object): object => ({
  spec: { template: { spec: { containers: [{ name: 'web', ...fields }] } } },
});

export const scenarios: readonly Scenario[] = [
  {
    name: 'broken-image',
    app: 'storefront',
    fault: 'rollout of an image that does not exist',
    command: 'kubectl -n demo set image deployment/storefront web=kubeskippy.local/wbe:2.0',
    patch: container({ image: 'kubeskippy.local/wbe:2.0' }),
    condition: 'ImagePullBackOff',
  },
  {
    name: 'bad-configuration',
    app: 'checkout',
    fault: 'rollout of a bad configuration, on which the program exits',
    command: 'kubectl -n demo set env deployment/checkout DATABASE_URL=db.shop.internal',
    patch: container({ env: [{ name: 'DATABASE_URL', value: 'db.shop.internal' }] }),
    condition: 'CrashLoopBackOff',
  },
  {
    name: 'memory-leak',
    app: 'orders',
    fault: 'a leak, until the container is killed for memory',
    afterwards: 'the leak itself is not mended: in less than a minute this pod is full as well, and healed again',
    condition: 'OOMKilled',
  },
];

/** `Audit-ID` of the write that brings a fault about, by which the API server's audit log tells when it was. */
export const injectionAuditId = (scenario: Scenario): string => `kubeskippy-demo/${scenario.name}`;

/** Breaks the app as a person would: by changing its Deployment. */
export async function inject(admin: KubeClient, scenario: Scenario): Promise<void> {
  if (scenario.patch === undefined) return;
  await admin.patch(
    resources.deployments,
    { namespace: DEMO_NAMESPACE, name: scenario.app },
    'strategic',
    scenario.patch,
    { auditId: injectionAuditId(scenario), fieldManager: 'kubectl-set' },
  );
}
