import { expect, test } from '@jest/globals';
import type { HealingPolicy, HealingPolicyStatus } from '../../../../src/api/healing-policy.ts';
import { Apps } from '../../../../src/local/demo/apps.ts';
import { heldBack } from '../../../../src/local/demo/held-back.ts';
import {
  condition,
  conditionsUpTo,
  deployment,
  healingAction,
  rfc3339,
  T0,
} from '../../../support/local/demo-objects.ts';

const policy = (status: HealingPolicyStatus, cooldownPeriod = '10s'): HealingPolicy => ({
  apiVersion: 'kubeskippy.io/v1alpha1',
  kind: 'HealingPolicy',
  metadata: { name: 'storefront', namespace: 'demo', uid: 'uid-policy', resourceVersion: '1' },
  spec: { selector: {}, triggers: [{ name: 'crash', type: 'condition', cooldownPeriod }], actions: [] },
  status,
});
const ended = healingAction('one', {
  status: { completionTime: rfc3339(0), conditions: [...conditionsUpTo('Verified'), condition('Succeeded', 'Healed')] },
});
const firing = { activeTriggers: ['crash'] };

test('nothing to say while no trigger fires, or when it is about to act', () => {
  expect(heldBack(policy({ activeTriggers: [] }), ended, T0 + 1000)).toBeUndefined();
  expect(heldBack(policy(firing), undefined, T0)).toBeUndefined();
  expect(heldBack(policy(firing), ended, T0 + 10_000)).toBeUndefined();
});

test('the cooldown after the last action, and how long it lasts', () => {
  expect(heldBack(policy(firing), ended, T0 + 2500)).toBe(
    "crash fires again; the policy's cooldown of 10s ends in 8 s",
  );
});

test("the policy's own words, if they are newer than what it did", () => {
  const decision = (ms: number) => ({
    ...firing,
    decisions: [
      {
        time: rfc3339(ms),
        trigger: 'crash',
        target: 't',
        decision: 'Suppressed',
        reason: 'RateLimited',
        message: 'used up',
      },
    ] as const,
  });
  expect(heldBack(policy(decision(500)), ended, T0 + 60_000)).toBe('crash fires, but: used up');
  expect(heldBack(policy(decision(-500)), ended, T0 + 60_000)).toBeUndefined();
});

test('an app is held only while nothing is being done for it', () => {
  const apps = new Apps();
  apps.deployment(deployment('storefront'));
  const recent = { ...ended, status: { ...ended.status, completionTime: new Date().toISOString() } };
  apps.action(recent);
  apps.policy(policy({ ...firing, conditions: [condition('Ready', 'Evaluating')] }, '1h'));
  expect(apps.list()[0]?.held).toMatch(/cooldown of 1h/);
  apps.action(healingAction('two'));
  expect(apps.list()[0]).not.toHaveProperty('held');
});

test('an app is up when it is well and its policy is being evaluated', () => {
  const apps = new Apps();
  expect(apps.isUp('storefront')).toBe(false);
  apps.deployment(deployment('storefront'));
  expect(apps.isUp('storefront')).toBe(false);
  apps.policy(policy({ conditions: [condition('Ready', 'Evaluating')] }));
  expect(apps.isUp('storefront')).toBe(true);
  apps.deployment(deployment('storefront', 1));
  expect(apps.isUp('storefront')).toBe(false);
});
