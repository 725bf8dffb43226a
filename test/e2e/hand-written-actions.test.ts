import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { HealingActionSpec } from '../../src/api/healing-action.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { effectsIn, readAuditLog } from '../support/audit-log.ts';
import { Shop } from '../support/shop.ts';

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  shop = await Shop.open(stack, 'by-hand');
  await shop.policy('grants', { mode: 'automatic', actions: [{ name: 'again', type: 'restart' }] });
  await shop.deploy('web');
  await shop.deploy('guarded', { labels: { 'kubeskippy.io/protected': 'true' } });
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

const spec = (change: Partial<HealingActionSpec> = {}): HealingActionSpec => ({
  policyRef: { name: 'grants', namespace: 'by-hand' },
  targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  action: { name: 'again', type: 'restart' },
  ...change,
});

test('what the policy grants is done, once', async () => {
  await shop.act('granted', spec());
  const { status } = await shop.ended('granted');

  expect(status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  const restartedAt = status?.plan?.parameters?.['restartedAt'];
  const template = (await shop.deployment('web')).spec.template;
  expect(template.metadata?.annotations?.['kubectl.kubernetes.io/restartedAt']).toBe(restartedAt);
  const effects = effectsIn(readAuditLog(stack.env.auditLogFile)).filter(({ objectRef }) => objectRef?.name === 'web');
  expect(effects).toHaveLength(1);
});

const refused: readonly (readonly [string, Partial<HealingActionSpec>, RegExp])[] = [
  [
    'another-namespace',
    { targetResource: { ...spec().targetResource, namespace: 'kube-system' } },
    /only targets in by-hand/,
  ],
  ['another-policy-home', { policyRef: { name: 'grants', namespace: 'kube-system' } }, /own namespace/],
  ['no-policy', { policyRef: { name: 'nobody', namespace: 'by-hand' } }, /no HealingPolicy by-hand\/nobody/],
  ['no-template', { action: { name: 'back', type: 'undo' } }, /has no action back/],
  [
    'other-template',
    { action: { name: 'again', type: 'restart', restartAction: { gracePeriodSeconds: 1 } } },
    /PolicyChanged/,
  ],
  ['protected', { targetResource: { ...spec().targetResource, name: 'guarded' } }, /kubeskippy.io\/protected=true/],
  ['no-target', { targetResource: { ...spec().targetResource, name: 'nothing' } }, /no Deployment by-hand\/nothing/],
];

test.each(refused)('refused without effect: %s', async (name, change, words) => {
  await shop.act(name, spec(change));
  const { status } = await shop.ended(name);

  expect(status).toMatchObject({ phase: 'Failed', reason: 'Refused', result: { success: false } });
  expect(status?.result?.message).toMatch(words);
  expect(status?.claim).toBeUndefined();
});

test('the target of a refused action is untouched', async () => {
  const guarded = await shop.deployment('guarded');
  expect(guarded.metadata.generation).toBe(1);
  expect(Object.keys(guarded.metadata.annotations ?? {}).filter((key) => key.startsWith('kubeskippy.io/'))).toEqual([]);
});

test('an object of another uid under the same name is not the target', async () => {
  await shop.act(
    'stale',
    spec({ targetResource: { ...spec().targetResource, uid: '11111111-2222-4333-8444-555555555555' } }),
  );
  const { status } = await shop.ended('stale');

  expect(status).toMatchObject({ phase: 'Cancelled', reason: 'TargetGone' });
});
