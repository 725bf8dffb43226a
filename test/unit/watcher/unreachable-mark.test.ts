import { expect, test } from '@jest/globals';
import { markUnreachable } from '../../../src/watcher/unreachable-mark.ts';
import { HealingActions } from '../../support/healing-actions.ts';
import { condition, ENDED } from '../../support/watcher-bench.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

test.each([
  ['accepted', { conditions: [condition('Accepted', 'True', 'CoveredByPolicy')] }],
  ['refused', { conditions: [condition('Accepted', 'False', 'Refused')] }],
  ['ended', ENDED],
])('leaves alone what was %s while the watch had not told of it yet', async (_name, status) => {
  const actions = new HealingActions();
  const { metadata } = actions.create('a', { status });
  await markUnreachable(actions.records, { namespace: 'shop', name: 'a', uid: metadata.uid }, 'no route', NOW);
  expect(actions.the('a').status).toEqual(status);
});

test('leaves alone another action of the same name', async () => {
  const actions = new HealingActions();
  actions.create('a');
  await markUnreachable(actions.records, { namespace: 'shop', name: 'a', uid: 'former' }, 'no route', NOW);
  expect(actions.the('a').status).toBeUndefined();
});

test('keeps the rest of the status', async () => {
  const actions = new HealingActions();
  const { metadata } = actions.create('a', { status: { attempts: 3 } });
  await markUnreachable(actions.records, { namespace: 'shop', name: 'a', uid: metadata.uid }, 'no route', NOW);
  expect(actions.the('a').status).toEqual({
    attempts: 3,
    phase: 'Pending',
    reason: 'TemporalUnreachable',
    observedGeneration: 1,
    conditions: [
      {
        ...condition('Accepted', 'Unknown', 'TemporalUnreachable'),
        lastTransitionTime: NOW.toISOString(),
        message: 'the action begins as soon as Temporal can be reached: no route',
        observedGeneration: 1,
      },
    ],
  });
});
