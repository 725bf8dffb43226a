import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import type { VerificationQuery } from '../../src/api/healing-policy.ts';
import type { Pod } from '../../src/api/workloads.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

const AWAY = { name: 'away', type: 'delete', deleteAction: { keepManifest: true } } as const;

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  shop = await Shop.open(stack, 'bare');
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true;
const podThatIsReady = (app: string): Promise<Pod> =>
  eventually(
    async () => {
      const [pod, ...others] = await shop.podsOf(app);
      if (pod === undefined || others.length > 0 || !isReady(pod)) throw new Error(`no one pod of ${app} is ready`);
      return pod;
    },
    45_000,
    100,
  );

/** A pod that nobody makes again, deleted with a person's approval under a policy with these proofs. */
async function away(
  name: string,
  queries: readonly VerificationQuery[],
): Promise<{ before: Pod; action: HealingAction }> {
  await stack.admin.create(resources.pods, shop, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name }, annotations: { 'example.org/note': 'kept' } },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'web',
          image: 'kubeskippy.local/web:1.0',
          readinessProbe: { httpGet: { path: '/readyz', port: 8080 }, periodSeconds: 1 },
          volumeMounts: [{ name: 'spool', mountPath: '/spool' }],
        },
      ],
      volumes: [{ name: 'spool', emptyDir: {} }],
    },
  });
  const before = await podThatIsReady(name);
  await shop.policy(name, {
    mode: 'automatic',
    selector: { resources: [{ apiVersion: 'v1', kind: 'Pod' }] },
    triggers: [],
    actions: [AWAY],
    verification: { stabilizationWindow: '2s', timeout: '15s', queries },
  });
  await shop.act(name, {
    policyRef: { name, namespace: shop.namespace },
    targetResource: { apiVersion: 'v1', kind: 'Pod', name },
    action: AWAY,
  });
  await shop.approve(await shop.reaches(name, 'WaitingForApproval'));
  return { before, action: await shop.ended(name) };
}

test('a bare pod is deleted once, with its manifest kept', async () => {
  const { before, action } = await away('spare', []);
  expect(action.status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  expect(await shop.podsOf('spare')).toEqual([]);
  expect(shop.effectsOf(action).map(({ verb, objectRef }) => [verb, objectRef?.name])).toEqual([['delete', 'spare']]);
  expect(JSON.parse(action.status?.plan?.change ?? '')).toMatchObject({
    kind: 'Pod',
    metadata: { name: 'spare', labels: before.metadata.labels },
  });
}, 120_000);

test('a bare pod whose deletion proves nothing is made again from its kept manifest, and runs', async () => {
  const never = { name: 'never', query: 'max(up{job="prometheus"})', operator: '==', threshold: 2 } as const;
  const { before, action } = await away('missed', [never]);
  expect(action.status).toMatchObject({ phase: 'Failed', reason: 'RolledBack' });
  const after = await podThatIsReady('missed');
  expect(after.metadata.uid).not.toBe(before.metadata.uid);
  expect(after.metadata.labels).toEqual(before.metadata.labels);
  expect(after.metadata.annotations).toMatchObject({ 'example.org/note': 'kept' });
  const [is, was] = [after, before].map(({ spec }) => spec.containers[0]);
  expect(is).toMatchObject({ image: was?.image, readinessProbe: { httpGet: { path: '/readyz' } } });
  expect(after.spec).toMatchObject({ volumes: expect.arrayContaining([{ name: 'spool', emptyDir: {} }]) });
  expect(shop.effectsOf(action).map(({ verb }) => verb)).toEqual(['delete', 'create']);
}, 120_000);
