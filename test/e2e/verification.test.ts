import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPrometheus } from '../../src/adapters/prometheus/prometheus.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import type { VerificationQuery } from '../../src/api/healing-policy.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

const NAMESPACE = 'proof';
const IS_UP = 'max(up{job="prometheus"})';
const MORE = { name: 'more', type: 'scale', scaleAction: { direction: 'up', replicas: 1 } } as const;

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  shop = await Shop.open(stack, NAMESPACE);
  await Promise.all([shop.deploy('web'), shop.deploy('cart'), measured()]);
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

/** It is up before it has looked at itself for the first time. */
async function measured(): Promise<void> {
  const prometheus = createPrometheus({ url: stack.env.prometheus.url, lookbackMs: 5_000 });
  await eventually(
    async () => {
      expect(await prometheus.read(IS_UP)).toEqual({ state: 'value', value: 1 });
    },
    30_000,
    100,
  );
}

/** Scales `target` up under a policy of its own, which proves it by these measurements. */
const scale = async (
  name: string,
  target: string,
  timeout: string,
  queries: readonly VerificationQuery[],
): Promise<HealingAction> => {
  await shop.policy(name, {
    mode: 'automatic',
    triggers: [],
    actions: [MORE],
    verification: { stabilizationWindow: '2s', timeout, queries },
  });
  const { spec } = await shop.readPolicy(name);
  await shop.act(name, {
    policyRef: { name, namespace: NAMESPACE },
    targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: target },
    action: spec.actions[0] ?? MORE,
  });
  return shop.ended(name);
};
const prometheusIsUp = (threshold: number): VerificationQuery => ({
  name: 'prometheus',
  query: IS_UP,
  operator: '==',
  threshold,
});

test('a healing is proven by measurements and neighbours, each with its verdict', async () => {
  const { status } = await scale('proven', 'web', '45s', [prometheusIsUp(1)]);
  expect(status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  expect(status?.evidence?.before).toContainEqual(
    expect.objectContaining({ check: 'measurements', value: 'prometheus: 1' }),
  );
  expect(status?.evidence?.after).toMatchObject([
    { subject: 'Deployment proof/web', verdict: 'healthy' },
    { check: 'prometheus', value: '1 == 1 is true', verdict: 'healthy' },
    { check: 'neighbours', value: expect.stringContaining('1 of 1 others'), verdict: 'healthy' },
  ]);
});

test('what the measurements do not prove is not healed, and is taken back', async () => {
  const { status } = await scale('disproved', 'cart', '15s', [prometheusIsUp(2)]);
  expect(status).toMatchObject({ phase: 'Failed', reason: 'RolledBack' });
  expect(status?.evidence?.after).toContainEqual(
    expect.objectContaining({ check: 'prometheus', value: '1 == 2 is false', verdict: 'settling' }),
  );
  expect((await shop.deployment('cart')).spec.replicas).toBe(1);
});

test('nothing is done where it could not be proven in time', async () => {
  const { status } = await scale('hopeless', 'cart', '15s', [{ ...prometheusIsUp(1), query: 'sum(rate(up[5m]))' }]);
  expect(status).toMatchObject({
    reason: 'Refused',
    result: { message: expect.stringMatching(/looks back 5m.*within 15s/) },
  });
  expect((await shop.deployment('cart')).spec.replicas).toBe(1);
});
