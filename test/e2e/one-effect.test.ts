import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import type { Pod } from '../../src/api/workloads.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { readAuditLog } from '../support/audit-log.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  shop = await Shop.open(stack, 'one-effect');
  await shop.policy('grants', {
    mode: 'automatic',
    selector: {
      resources: [
        { apiVersion: 'apps/v1', kind: 'Deployment' },
        { apiVersion: 'v1', kind: 'Pod' },
      ],
    },
    triggers: [],
    actions: [
      { name: 'again', type: 'restart' },
      { name: 'back', type: 'undo' },
    ],
    safetyRules: { maxActionsPerHour: 100 },
  });
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

const policyRef = { name: 'grants', namespace: 'one-effect' };
const deployment = (name: string) => ({ apiVersion: 'apps/v1', kind: 'Deployment', name });
const podOf = async (app: string): Promise<Pod> => {
  const pod = (await shop.podsOf(app)).find(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (pod === undefined) throw new Error(`Deployment ${app} has no pod`);
  return pod;
};

/** Each kind of effect: what is there before it, and the action that has it. */
const kinds: [string, (name: string) => Promise<HealingAction>][] = [
  [
    'restart',
    async (name) => {
      await shop.deploy(name);
      return shop.act(name, {
        policyRef,
        targetResource: deployment(name),
        action: { name: 'again', type: 'restart' },
      });
    },
  ],
  [
    'undo',
    async (name) => {
      await shop.deploy(name);
      await shop.breakImage(name);
      await eventually(
        async () => {
          const { items } = await stack.admin.list(resources.replicaSets, {
            namespace: shop.namespace,
            labelSelector: `app=${name}`,
          });
          expect(items).toHaveLength(2);
        },
        20_000,
        50,
      );
      return shop.act(name, { policyRef, targetResource: deployment(name), action: { name: 'back', type: 'undo' } });
    },
  ],
  [
    'eviction',
    async (name) => {
      await shop.deploy(name);
      const pod = (await podOf(name)).metadata;
      return shop.act(name, {
        policyRef,
        targetResource: { apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid },
        action: { name: 'again', type: 'restart' },
      });
    },
  ],
];

test.each(kinds)('%s is one effect, and heals', async (name, begin) => {
  const action = await begin(name);
  const { status } = await shop.ended(name);
  expect(status).toMatchObject({ phase: 'Succeeded', reason: 'Healed', attempts: 1 });
  expect(shop.effectsOf(action)).toHaveLength(1);
  await eventually(async () => {
    expect((await shop.readAction(name)).metadata.finalizers ?? []).toEqual([]);
  });
});

test('a worker that is killed right after a claim loses and doubles nothing', async () => {
  const actions = await Promise.all(kinds.map(([name, begin]) => begin(`${name}-killed`)));
  await eventually(
    async () => {
      const claims = await Promise.all(
        actions.map(async ({ metadata }) => (await shop.readAction(metadata.name)).status?.claim),
      );
      expect(claims.filter((claim) => claim !== undefined)).not.toEqual([]);
    },
    20_000,
    2,
  );
  stack.env.supervisor.kill('worker', 'SIGKILL'); // it is started again
  for (const action of actions) {
    const { status } = await shop.ended(action.metadata.name);
    expect(status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
    expect(shop.effectsOf(action)).toHaveLength(1);
  }
});

test('the names by which attempts are told apart fit into the audit log of the API server', () => {
  const ours = readAuditLog(stack.env.auditLogFile).filter(({ auditID }) => auditID.startsWith('ks/'));
  expect(ours.length).toBeGreaterThan(0);
  for (const { auditID } of ours)
    expect(auditID).toMatch(/^ks\/[0-9a-f-]{36}\/(execute|fence|rollback)\/\d+\.\d+\.\d+(\/claim|\/fence)?$/);
});
