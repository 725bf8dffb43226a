import { expect, test } from '@jest/globals';
import type { App } from '../../../../src/local/demo/apps.ts';
import type { Incident } from '../../../../src/local/demo/incident.ts';
import { plainPresenter } from '../../../../src/local/demo/plain-presenter.ts';
import { scenarios } from '../../../../src/local/demo/scenario.ts';
import { condition, conditionsUpTo, healingAction, T0 } from '../../../support/local/demo-objects.ts';

const app = (...incidents: Incident[]): App => ({ name: 'storefront', wanted: 2, available: 2, well: true, incidents });

test('each thing that happened is one line, told once and in order', () => {
  const lines: string[] = [];
  const presenter = plainPresenter((text) => lines.push(text.replace(/^ *[\d.]+ s {2}/, '')));
  const base = { app: 'storefront', scenario: scenarios[0]!, faultAt: T0, evidenceAt: T0 + 300 };
  const trigger = { name: 't', type: 'condition', evidence: 'cannot pull' } as const;
  const states: Incident[] = [
    { ...base, actions: [] },
    { ...base, actions: [healingAction('a', { trigger })] },
    { ...base, actions: [healingAction('a', { trigger, status: { conditions: conditionsUpTo('Accepted') } })] },
    {
      ...base,
      effectAt: T0 + 400,
      actions: [
        healingAction('a', {
          trigger,
          status: {
            conditions: conditionsUpTo('Executed'),
            analysis: { analyzer: 'rules', choice: 'undo', confidence: 1 },
          },
        }),
      ],
    },
    {
      ...base,
      effectAt: T0 + 400,
      verifiedAt: T0 + 11_000,
      actions: [
        healingAction('a', {
          trigger,
          status: {
            conditions: [...conditionsUpTo('Verified'), condition('Succeeded', 'Healed', 0, 'True', 'all is well')],
            analysis: { analyzer: 'rules', choice: 'undo', confidence: 1 },
          },
        }),
      ],
    },
  ];
  for (const state of states) {
    presenter.show([app(state)], []);
    presenter.show([app(state)], []);
  }
  expect(lines.map((line) => line.trimEnd())).toEqual([
    `storefront: fault: ${scenarios[0]!.fault} ($ ${scenarios[0]!.command})`,
    'storefront: detected: cannot pull',
    'storefront: HealingAction a: undo',
    'storefront: accepted:',
    'storefront: analyzed: rules chose undo, confidence 1.00',
    'storefront: approval: NotRequired',
    'storefront: reserved: slot and target lock',
    'storefront: executed (0.10 s after the evidence, 0.40 s after the fault)',
    'storefront: verified: all is well (11.0 s after the fault)',
  ]);
});

test('nothing is told of the apps after it was closed', () => {
  const lines: string[] = [];
  const presenter = plainPresenter((text) => lines.push(text));
  presenter.close();
  presenter.show([app({ app: 'storefront', actions: [healingAction('a')] })], []);
  presenter.progress('done');
  expect(lines).toHaveLength(1);
});
