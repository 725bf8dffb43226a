import { expect, test } from '@jest/globals';
import { emptyPolicyState } from '../../../src/domain/episode.ts';
import { summaryOf } from '../../../src/domain/policy-summary.ts';

const firing = (trigger: string) => ({
  trigger,
  subject: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'p', uid: 'u' },
  candidates: [],
  since: '2026-01-01T00:00:00Z',
  evidence: '',
});

test('a summary counts everything and names each thing once', () => {
  const held = Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`e${index}`, `why ${index % 15}`]));
  const summary = summaryOf({
    ...emptyPolicyState(),
    generation: 3,
    firing: [firing('oom'), firing('crash'), firing('oom')],
    overflow: 4,
    selected: 20,
    unhealthy: 7,
    held,
  });
  expect(summary).toMatchObject({ generation: 3, activeTriggers: ['crash', 'oom'], firing: 7, overflow: 4 });
  expect(new Set(summary.held).size).toBe(10);
});
