import { describe, expect, test } from '@jest/globals';
import type { App } from '../../../../src/local/demo/apps.ts';
import type { Incident } from '../../../../src/local/demo/incident.ts';
import { isDone, problemsOf, resultOf, tableOf } from '../../../../src/local/demo/result.ts';
import { scenarios } from '../../../../src/local/demo/scenario.ts';
import { condition, conditionsUpTo, healingAction, T0 } from '../../../support/local/demo-objects.ts';

const [scenario, , leak] = scenarios;

const healedAction = healingAction('undo-1', {
  status: {
    conditions: [...conditionsUpTo('Verified', 11_000), condition('Succeeded', 'Healed', 11_000)],
    workflow: { id: 'ha-uid-undo-1' },
  },
});
const healed: Incident = {
  app: 'storefront',
  scenario: scenario!,
  actions: [healedAction],
  faultAt: T0,
  evidenceAt: T0 + 400.25,
  effectAt: T0 + 520.75,
  verifiedAt: T0 + 11_000,
  wellAt: T0 + 11_100,
};
const app = (more: Partial<App> = {}): App => ({
  name: 'storefront',
  wanted: 2,
  available: 2,
  well: true,
  incidents: [healed],
  ...more,
});
const incident = (more: Partial<Incident>): App =>
  app({ incidents: [{ app: 'storefront', scenario: scenario!, actions: [], ...more }] });

test('a healed incident, all times measured', () => {
  expect(resultOf(scenario!, app(), T0)).toEqual({
    name: 'broken-image',
    app: 'storefront',
    healed: true,
    verified: true,
    faultToEffectMs: 521,
    faultToVerifiedMs: 11_000,
    evidenceToEffectMs: 121,
    action: 'undo',
    healingAction: 'undo-1',
    workflowId: 'ha-uid-undo-1',
  });
});

test('what did not happen is null, not a number', () => {
  expect(resultOf(scenario!, undefined, T0)).toMatchObject({
    healed: false,
    verified: false,
    faultToEffectMs: null,
    faultToVerifiedMs: null,
    workflowId: null,
  });
});

test('not healed while the demo itself has not seen the app well', () => {
  const { wellAt: _unseen, ...unseen } = healed;
  const result = resultOf(scenario!, app({ available: 1, well: false, incidents: [unseen] }), T0);
  expect(result).toMatchObject({ healed: false, verified: true });
  expect(isDone(result)).toBe(false);
  expect(result.waitingFor).toBe('storefront is not well although the healing was verified: 1 of 2 available');
});

describe('says what it waits for', () => {
  test.each<[string, App | undefined, RegExp]>([
    ['no Deployment', undefined, /storefront was never seen/],
    ['not up', app({ available: 0, well: false, incidents: [] }), /never came up: 0 of 2 available/],
    ['no fault yet', app({ incidents: [] }), /has not been brought about/],
    ['no evidence', incident({ faultAt: T0 }), /ImagePullBackOff of a pod: the node has not reported it/],
    [
      'no action',
      incident({ faultAt: T0, evidenceAt: T0 }),
      /a HealingAction: .* 5.0 s ago, and the policy storefront/,
    ],
    [
      'a step',
      incident({ actions: [healingAction('a', { status: { conditions: conditionsUpTo('Approved') } })] }),
      /step "reserved" of HealingAction a, workflow ha-uid-a/,
    ],
    [
      'the end of an action',
      incident({
        actions: [
          healingAction('a', { status: { conditions: [condition('Succeeded', 'NotHealed', 0, 'False', 'why')] } }),
        ],
      }),
      /HealingAction a ended as NotHealed: why/,
    ],
  ])('%s', (_what, of, expected) => {
    expect(resultOf(scenario!, of, T0 + 5000).waitingFor).toMatch(expected);
  });

  test('the leak brings its fault about by itself', () => {
    expect(resultOf(leak!, app({ name: 'orders', incidents: [] }), T0).waitingFor).toMatch(/killed for memory yet/);
  });
});

test('the table, and what is not done', () => {
  const results = [resultOf(scenario!, app(), T0), resultOf(leak!, undefined, T0)];
  const lines = tableOf(results).split('\n');
  expect(lines[1]).toMatch(/^broken-image +storefront +undo +yes +yes +0\.12 s +0\.52 s +11\.0 s$/);
  expect(lines[2]).toMatch(/^memory-leak +orders +- +NO +NO +- +- +-$/);
  expect(problemsOf(results)).toEqual(['memory-leak is not done; it waits for: Deployment orders was never seen']);
});
