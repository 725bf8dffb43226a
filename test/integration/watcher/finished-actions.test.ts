import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../../src/adapters/kubernetes/object-watch.ts';
import { createActionRecords } from '../../../src/adapters/kubernetes/records.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import { KEYS, MANAGED_BY } from '../../../src/api/constants.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { HealingPolicy } from '../../../src/api/healing-policy.ts';
import { systemClock } from '../../../src/detector/clock.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import { installManifests } from '../../../src/local/install-manifests.ts';
import { FinishedActions } from '../../../src/watcher/finished-actions.ts';
import { ensureNamespace } from '../../support/action-bodies.ts';
import { readAuditLog } from '../../support/audit-log.ts';
import { eventually } from '../../support/eventually.ts';
import { condition } from '../../support/watcher-bench.ts';

const NAMESPACE = 'retention';
const HOUR = 3_600_000;

let env: LocalEnvironment;
let admin: KubeClient;
let policy: HealingPolicy;
let finished: FinishedActions;

beforeAll(async () => {
  env = await startLocalEnvironment({ components: ['apiserver'] });
  admin = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
  await installManifests(admin);
  await ensureNamespace(admin, NAMESPACE);
  policy = await admin.create<HealingPolicy>(
    resources.healingPolicies,
    { namespace: NAMESPACE },
    {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingPolicy',
      metadata: { name: 'p' },
      spec: {
        selector: {},
        triggers: [{ type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff' } }],
        actions: [{ name: 'again', type: 'restart' }],
        ttlAfterFinished: '1h',
      },
    },
  );
  const client = KubeClient.load({ kubeconfig: env.kubeconfig('controller') }); // with the rights that it is given
  const logger = pino({ level: 'silent' });
  finished = new FinishedActions({
    watches: new KubeObjectWatch({ client, logger }),
    actions: createActionRecords(client),
    clock: { ...systemClock, now: () => Date.now() + 3 * HOUR }, // in three hours
    logger,
  });
}, 60_000);
afterAll(async () => {
  await finished.stop();
  await env.stop();
});

const create = async (name: string, labels: Readonly<Record<string, string>>, ended: boolean): Promise<void> => {
  const { metadata } = await admin.create<HealingAction>(
    resources.healingActions,
    { namespace: NAMESPACE },
    {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingAction',
      metadata: { name, labels },
      spec: {
        policyRef: { name: 'p', namespace: NAMESPACE, uid: policy.metadata.uid },
        targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
        action: { name: 'again', type: 'restart' },
        policyGeneration: 1,
      },
    },
  );
  await createActionRecords(admin).update({ namespace: NAMESPACE, name, uid: metadata.uid }, () => ({
    completionTime: new Date().toISOString(),
    conditions: [{ ...condition('Succeeded', ended ? 'True' : 'Unknown', ended ? 'Healed' : 'InProgress') }],
  }));
};
const names = async (): Promise<string[]> =>
  (await admin.list<HealingAction>(resources.healingActions, { namespace: NAMESPACE })).items.map(
    ({ metadata }) => metadata.name,
  );

test('finished actions of a policy are removed by the controller, as exactly what they are; all others stay', async () => {
  const made = { [KEYS.managedBy]: MANAGED_BY, [KEYS.policyName]: 'p' };
  await create('by-policy', made, true);
  await create('by-policy-running', made, false);
  await create('by-hand', {}, true);
  await create('applied', made, true);
  await admin.request('PATCH', `/apis/kubeskippy.io/v1alpha1/namespaces/${NAMESPACE}/healingactions/applied`, {
    contentType: 'application/apply-patch+yaml',
    query: { fieldManager: 'gitops' },
    body: {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingAction',
      metadata: { name: 'applied', labels: made },
    },
  });
  finished.start();
  await eventually(async () => {
    expect((await names()).sort()).toEqual(['applied', 'by-hand', 'by-policy-running']);
  }, 15_000);

  await create('later', made, true);
  await eventually(async () => {
    expect(await names()).not.toContain('later');
  }, 15_000);
  expect((await names()).sort()).toEqual(['applied', 'by-hand', 'by-policy-running']);

  const deletions = readAuditLog(env.auditLogFile).filter(
    ({ verb, objectRef }) => verb === 'delete' && objectRef?.resource === 'healingactions',
  );
  expect(deletions.map(({ objectRef }) => objectRef?.name).sort()).toEqual(['by-policy', 'later']);
}, 60_000);
