import { expect, test } from '@jest/globals';
import { readOnce } from '../../../activities/read-once.ts';
import type { ClusterReader } from '../../../src/ports/cluster.ts';

function countingReader(): { readonly reader: ClusterReader; readonly asked: string[] } {
  const asked: string[] = [];
  const reader: ClusterReader = {
    get: async ({ kind, name }) => {
      asked.push(`get ${kind} ${name}`);
      return undefined;
    },
    list: async ({ kind, notOlderThan = 'now' }, labelSelector = '') => {
      asked.push(`list ${kind} ${labelSelector} ${notOlderThan}`);
      return [];
    },
    preview: async () => {
      asked.push('preview');
      return { result: 'gone' };
    },
  };
  return { reader, asked };
}

const pod = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop' };

test('what is the same is asked once, also while the answer is on its way', async () => {
  const { reader, asked } = countingReader();
  const once = readOnce(reader);
  await Promise.all([once.get({ ...pod, name: 'a' }), once.get({ ...pod, name: 'a' }), once.list(pod, 'app=a')]);
  await once.get({ ...pod, name: 'a' });
  await once.list(pod, 'app=a');
  expect(asked).toEqual(['get Pod a', 'list Pod app=a now']);
});

test('what differs in anything is asked for itself', async () => {
  const { reader, asked } = countingReader();
  const once = readOnce(reader);
  await once.get({ ...pod, name: 'a' });
  await once.get({ ...pod, name: 'b' });
  await once.list(pod, 'app=a');
  await once.list(pod);
  await once.list({ ...pod, notOlderThan: '7' }, 'app=a');
  await once.list({ ...pod, namespace: 'other' }, 'app=a');
  await once.list({ ...pod, first: 5 }, 'app=a');
  expect(asked).toHaveLength(7);
});

test('a dry run is asked each time', async () => {
  const { reader, asked } = countingReader();
  const once = readOnce(reader);
  for (let times = 0; times < 2; times++) await once.preview({ ...pod, name: 'a' }, { type: 'merge', body: {} });
  expect(asked).toEqual(['preview', 'preview']);
});
