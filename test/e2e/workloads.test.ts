import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resources, type Resource } from '../../src/adapters/kubernetes/resource.ts';
import type { Pod } from '../../src/api/workloads.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

const NAMESPACE = 'workloads';
const GOOD = 'kubeskippy.local/web:1.0';
const BAD = 'kubeskippy.local/no-such-program:2.0';

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  shop = await Shop.open(stack, NAMESPACE);
  const kinds = ['Deployment', 'StatefulSet', 'DaemonSet'].map((kind) => ({ apiVersion: 'apps/v1', kind }));
  await shop.policy('grants', {
    mode: 'automatic',
    selector: { resources: kinds },
    triggers: [],
    actions: [
      { name: 'back', type: 'undo' },
      { name: 'more', type: 'scale', scaleAction: { direction: 'up', replicas: 1 } },
      { name: 'off', type: 'scale', scaleAction: { direction: 'absolute', replicas: 0 } },
    ],
    safetyRules: { maxActionsPerHour: 100 },
  });
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

const act = async (name: string, action: string, type: 'undo' | 'scale', kind: string, target: string) => {
  const { spec } = await shop.readPolicy('grants');
  const template = spec.actions.find((one) => one.name === action) ?? { name: action, type };
  await shop.act(name, {
    policyRef: { name: 'grants', namespace: NAMESPACE },
    targetResource: { apiVersion: 'apps/v1', kind, name: target },
    action: template,
  });
  return shop.ended(name);
};
const state = (pods: readonly Pod[]): string[] =>
  pods
    .map(({ spec, status }) => {
      const ready = status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') === true;
      return `${spec.containers[0]?.image === GOOD ? 'good' : 'bad'} ${ready ? 'ready' : 'not ready'}`;
    })
    .sort();

const create = (resource: Resource, name: string, spec: object) =>
  stack.admin.create(resource, shop, {
    apiVersion: 'apps/v1',
    kind: resource.kind,
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 1,
          containers: [
            {
              name: 'web',
              image: GOOD,
              readinessProbe: { httpGet: { path: '/readyz', port: 8080 }, periodSeconds: 1 },
            },
          ],
        },
      },
      ...spec,
    },
  });
const breakImage = (resource: Resource, name: string) =>
  stack.admin.patch(resource, { namespace: NAMESPACE, name }, 'strategic', {
    spec: { template: { spec: { containers: [{ name: 'web', image: BAD }] } } },
  });
const comesTo = (app: string, wanted: readonly string[]) =>
  eventually(
    async () => {
      expect(state(await shop.podsOf(app))).toEqual(wanted);
    },
    45_000,
    100,
  );

test('a Deployment is scaled up, and to nothing where the policy says so', async () => {
  await shop.deploy('web');
  const up = await act('up', 'more', 'scale', 'Deployment', 'web');
  expect(up.status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  expect(state(await shop.podsOf('web'))).toEqual(['good ready', 'good ready']);
  expect(shop.effectsOf(up)).toHaveLength(1);

  const off = await act('off', 'off', 'scale', 'Deployment', 'web');
  expect(off.status).toMatchObject({
    phase: 'Succeeded',
    result: { message: expect.stringContaining('no pods are left') },
  });
  expect(await shop.podsOf('web')).toEqual([]);

  const again = await act('again', 'off', 'scale', 'Deployment', 'web');
  expect(again.status).toMatchObject({
    reason: 'Refused',
    result: { message: expect.stringContaining('0 replicas already') },
  });
  expect(shop.effectsOf(again)).toHaveLength(0);
});

test('a StatefulSet whose rollout stands at a broken pod goes on after the undo', async () => {
  await create(resources.statefulSets, 'db', { replicas: 2, serviceName: 'db' });
  await comesTo('db', ['good ready', 'good ready']);
  await breakImage(resources.statefulSets, 'db');
  await comesTo('db', ['bad not ready', 'good ready']);

  const back = await act('back-db', 'back', 'undo', 'StatefulSet', 'db');
  expect(back.status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  expect(state(await shop.podsOf('db'))).toEqual(['good ready', 'good ready']);
  expect(shop.effectsOf(back).map(({ objectRef }) => objectRef?.resource)).toEqual(['statefulsets', 'pods']);
  expect(back.status?.result?.changes?.map(({ field }) => field)).toEqual(['spec.template', 'pod db-1']);
});

test('a DaemonSet goes back, with approval when no pod of the old revision serves any more', async () => {
  await create(resources.daemonSets, 'agent', {});
  await comesTo('agent', ['good ready']);
  await breakImage(resources.daemonSets, 'agent');
  await comesTo('agent', ['bad not ready']);

  await shop.act('back-agent', {
    policyRef: { name: 'grants', namespace: NAMESPACE },
    targetResource: { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent' },
    action: { name: 'back', type: 'undo' },
  });
  await shop.approve(await shop.reaches('back-agent', 'WaitingForApproval', 20_000));
  const back = await shop.ended('back-agent');
  expect(back.status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  expect(state(await shop.podsOf('agent'))).toEqual(['good ready']);
  expect(shop.effectsOf(back)).toHaveLength(1);
});
