import { expect, test } from '@jest/globals';
import type { Condition } from '../../../../src/domain/condition.ts';
import type { Incident } from '../../../../src/local/demo/incident.ts';
import { stepsOf } from '../../../../src/local/demo/steps.ts';
import { condition, conditionsUpTo, healingAction, T0 } from '../../../support/local/demo-objects.ts';

const plan = {
  summary: 'undo',
  action: 'undo',
  target: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'demo', name: 'storefront', uid: 'u' },
  verification: { stabilizationWindow: '10s', timeout: '1m' },
} as const;

const incident = (conditions: readonly Condition[], more: Partial<Incident> = {}): Incident => ({
  app: 'storefront',
  actions: [healingAction('undo-1', { status: { plan, conditions } })],
  ...more,
});

/** `✔` done, `>` running, `.` ahead, `x` failed. */
const sketch = (of: Incident, now = T0): string =>
  stepsOf(of, now)
    .map(
      ({ name, state, note }) =>
        `${{ done: '✔', running: '>', ahead: '.', failed: 'x' }[state]}${name}${note === undefined ? '' : `(${note})`}`,
    )
    .join(' ');

test('before there is an action', () => {
  expect(sketch({ app: 'storefront', actions: [] })).toBe(
    '>detecting .accepted .analyzed .approved .reserved .executed .verified',
  );
});

test.each<[string, readonly Condition[], string]>([
  ['nothing yet', [], '✔detected >accepted .analyzed .approved .reserved .executed .verified'],
  [
    'approval is not required',
    conditionsUpTo('Approved'),
    '✔detected ✔accepted ✔analyzed ✔approved(not required) >reserved .executed .verified',
  ],
  [
    'a person has to approve',
    [...conditionsUpTo('Analyzed'), condition('Approved', 'WaitingForApproval', 0, 'Unknown')],
    '✔detected ✔accepted ✔analyzed >approved(WaitingForApproval) .reserved .executed .verified',
  ],
  [
    'rejected',
    [
      ...conditionsUpTo('Analyzed'),
      condition('Approved', 'Rejected', 0, 'False'),
      condition('Succeeded', 'Rejected', 0, 'False'),
    ],
    '✔detected ✔accepted ✔analyzed xapproved(Rejected) .reserved .executed .verified',
  ],
  [
    'waiting for the limit to allow it',
    [...conditionsUpTo('Approved'), condition('Reserved', 'WaitingForReservation', 0, 'False')],
    '✔detected ✔accepted ✔analyzed ✔approved(not required) >reserved(WaitingForReservation) .executed .verified',
  ],
  [
    'ended before a step that then never comes',
    [...conditionsUpTo('Accepted'), condition('Succeeded', 'TargetGone', 0, 'False')],
    '✔detected ✔accepted xanalyzed(TargetGone) .approved .reserved .executed .verified',
  ],
  [
    'not healed',
    [
      ...conditionsUpTo('Executed'),
      condition('Verified', 'NotHealed', 0, 'False'),
      condition('Succeeded', 'NotHealed', 0, 'False'),
    ],
    '✔detected ✔accepted ✔analyzed ✔approved(not required) ✔reserved ✔executed xverified(NotHealed)',
  ],
  [
    'healed',
    conditionsUpTo('Verified'),
    '✔detected ✔accepted ✔analyzed ✔approved(not required) ✔reserved ✔executed ✔verified',
  ],
])('%s', (_when, conditions, expected) => {
  expect(sketch(incident(conditions))).toBe(expected);
});

test('verifying: the progress of the window, and more than the window if it had to begin anew', () => {
  const verifying = incident(conditionsUpTo('Executed'), { effectAt: T0 });
  expect(sketch(verifying, T0 + 4200)).toMatch(/>verifying\(4 of 10 s\)$/);
  expect(sketch(verifying, T0 + 14_000)).toMatch(/>verifying\(14 s; it must stay well for 10 s\)$/);
});

test('only one step is ever under way', () => {
  for (const conditions of [[], conditionsUpTo('Accepted'), conditionsUpTo('Approved'), conditionsUpTo('Executed')])
    expect(stepsOf(incident(conditions, { effectAt: T0 }), T0).filter(({ state }) => state === 'running')).toHaveLength(
      1,
    );
});
