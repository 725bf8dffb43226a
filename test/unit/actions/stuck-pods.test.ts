import { expect, test } from '@jest/globals';
import { stuckPods, unsticking } from '../../../src/actions/stuck-pods.ts';
import type { Pod, StatefulSet } from '../../../src/api/workloads.ts';
import { object } from '../../support/objects.ts';

const set = (podManagementPolicy?: string): StatefulSet => ({
  ...object('StatefulSet', 'db'),
  spec: {
    selector: { matchLabels: { app: 'db' } },
    template: { spec: { containers: [] } },
    ...(podManagementPolicy === undefined ? {} : { podManagementPolicy }),
  },
});
const pod = (index: number, revision: string, ready: 'True' | 'False', meta: object = {}): Pod => ({
  ...object('Pod', `db-${index}`, { owner: set(), labels: { 'controller-revision-hash': revision }, ...meta }),
  spec: { containers: [] },
  status: { conditions: [{ type: 'Ready', status: ready }] },
});
const stuck = (pods: readonly Pod[], target = set()): string[] =>
  stuckPods(target, pods, { toName: 'db-good', ...unsticking(target).parameters }).map(({ metadata }) => metadata.name);

test('only pods of other revisions that are not Ready hold an ordered set up, the last first', () => {
  const pods = [
    pod(0, 'db-bad', 'True'),
    pod(1, 'db-good', 'False'),
    pod(9, 'db-bad', 'False'),
    pod(10, 'db-old', 'False'),
  ];
  expect(stuck(pods)).toEqual(['db-10', 'db-9']);
});

test('what is going already, or belongs to somebody else, does not', () => {
  const leaving = pod(0, 'db-bad', 'False', { deletionTimestamp: 't' });
  const foreign = pod(1, 'db-bad', 'False', { owner: { ...set(), metadata: { ...set().metadata, uid: 'other' } } });
  expect(stuck([leaving, foreign])).toEqual([]);
});

test('nothing holds up what does not go in order, which the plan does not mention then', () => {
  const bad = [pod(0, 'db-bad', 'False')];
  expect(stuck(bad, set('OrderedReady'))).toEqual(['db-0']);
  expect(stuck(bad, set('Parallel'))).toEqual([]);
  expect(unsticking(set('Parallel')).words).toBe('');
  expect(unsticking({ ...set(), kind: 'DaemonSet' }).words).toBe('');
  expect(unsticking(set()).words).toContain('not Ready');
});
