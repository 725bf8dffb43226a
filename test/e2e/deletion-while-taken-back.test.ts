import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { TemporalConnection } from '../../src/adapters/temporal/connection.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import { actionWorkflowId } from '../../src/api/temporal-names.ts';
import { findCondition } from '../../src/domain/condition.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

let stack: Stack;
let shop: Shop;
let temporal: TemporalConnection;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  temporal = new TemporalConnection(stack.env.temporal);
  shop = await Shop.open(stack, 'taken-back');
  // More than its one replica no Deployment can have; that is seen at once.
  await shop.policy('grants', {
    mode: 'automatic',
    triggers: [],
    actions: [{ name: 'more', type: 'scale', scaleAction: { direction: 'up', replicas: 1 } }],
    safetyRules: { maxActionsPerHour: 100 },
    verification: { stabilizationWindow: '0s', timeout: '2s' },
  });
  await Promise.all(moments.map(([moment]) => shop.deploy(nameOf(moment))));
  await stack.admin.request('POST', '/api/v1/namespaces/taken-back/resourcequotas', {
    body: {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'full' },
      spec: { hard: { pods: `${moments.length}` } },
    },
  });
}, 120_000);
afterAll(async () => {
  await temporal.close();
  await stack.stop();
});

const more = (name: string): Promise<HealingAction> =>
  shop.act(name, {
    policyRef: { name: 'grants', namespace: shop.namespace },
    targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name },
    action: { name: 'more', type: 'scale', scaleAction: { direction: 'up', replicas: 1 } },
  });
const isWorse = ({ status }: HealingAction): boolean =>
  findCondition(status?.conditions, 'Verified')?.status === 'False';
const isAnnounced = ({ status }: HealingAction): boolean =>
  status?.audit?.some(({ kind, step }) => kind === 'intent' && step === 'rollback') === true;
const when = (name: string, is: (action: HealingAction) => boolean): Promise<unknown> =>
  eventually(
    async () => {
      if (!is(await shop.readAction(name))) throw new Error(`${name} is not that far`);
    },
    60_000,
    2,
  );
const remove = (name: string): Promise<unknown> =>
  stack.admin.delete(resources.healingActions, { namespace: shop.namespace, name }, {});

/** Of the action and of its target: each has one of its own, whatever became of the others. */
const nameOf = (moment: string): string => moment.replaceAll(/\W+/g, '-');
/** What happens at the moment at which it is to be deleted. */
const moments: [string, (name: string) => Promise<void>][] = [
  [
    'when it has just not been healed',
    async (name) => {
      await when(name, isWorse);
      await remove(name);
    },
  ],
  [
    'when its rollback is announced',
    async (name) => {
      await when(name, isAnnounced);
      await remove(name);
    },
  ],
  [
    'when its rollback is announced, by a worker that dies',
    async (name) => {
      await when(name, isAnnounced);
      await remove(name);
      stack.env.supervisor.kill('worker', 'SIGKILL'); // it is started again
    },
  ],
  [
    'when its rollback is announced, by a worker that sleeps',
    async (name) => {
      await when(name, isAnnounced);
      stack.env.supervisor.kill('worker', 'SIGSTOP');
      await remove(name);
      await sleep(500);
      expect(findCondition((await shop.readAction(name)).status?.conditions, 'Succeeded')?.status).toBe('Unknown');
      stack.env.supervisor.kill('worker', 'SIGCONT');
    },
  ],
];

test.each(moments)(
  'an action that is deleted %s is taken back once, and goes',
  async (moment, reach) => {
    const name = nameOf(moment);
    const action = await more(name);
    await reach(name);
    await eventually(
      async () => {
        const { namespace } = shop;
        expect(await stack.admin.find(resources.healingActions, { namespace, name })).toBeUndefined();
      },
      90_000,
      100,
    );
    const outcome: unknown = await temporal.client.workflow.getHandle(actionWorkflowId(action.metadata.uid)).result();
    expect(outcome).toMatchObject({ reason: 'RolledBack' });
    const steps = shop.effectsOf(action).map(({ auditID }) => auditID.split('/')[2]);
    expect(steps).toEqual(['execute', 'rollback']);
    expect((await shop.deployment(name)).spec.replicas).toBe(1);
  },
  150_000,
);
