import { expect, test } from '@jest/globals';
import { PolicyLevel } from '../../../src/detector/policy-level.ts';
import { projectPod, projectWorkload } from '../../../src/detector/project.ts';
import { object } from '../../support/objects.ts';
import { condition, container, ms, podOf, running } from '../../support/pods.ts';

const deployment = projectWorkload({ apiVersion: 'apps/v1', kind: 'Deployment' })(object('Deployment', 'cart'));
const replicaSet = projectWorkload({ apiVersion: 'apps/v1', kind: 'ReplicaSet' })(
  object('ReplicaSet', 'cart-1', { owner: deployment }),
);
const pod = (ready: 'True' | 'False', since: number) => {
  const { metadata } = object('Pod', 'cart-1-a', { owner: replicaSet });
  return projectPod(podOf([container(0, running(0))], { conditions: [condition('Ready', ready, since)] }, metadata));
};
const level = (kind: string): PolicyLevel =>
  new PolicyLevel({
    metadata: { name: 'p', namespace: 'shop', uid: 'uid-p', resourceVersion: '1', generation: 1 },
    spec: {
      selector: { resources: [{ apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1', kind }] },
      triggers: [{ type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff', duration: '0s' } }],
      actions: [],
    },
  });

test('a revision is good once a pod of it has been ready for a minute', () => {
  const watched = level('Deployment');
  const ready = pod('True', 100);
  watched.evaluate(ready, [ready, replicaSet, deployment], ms(100));
  expect(watched.observation(ms(159)).good).toEqual([]);
  expect(watched.observation(ms(160)).good).toEqual([replicaSet.metadata.uid]);
});

test('a pod that is not ready any more, or gone, makes nothing good', () => {
  const watched = level('Deployment');
  const [ready, unready] = [pod('True', 100), pod('False', 150)];
  watched.evaluate(ready, [ready, replicaSet, deployment], ms(100));
  watched.evaluate(unready, [unready, replicaSet, deployment], ms(150));
  expect(watched.observation(ms(300)).good).toEqual([]);
  watched.evaluate(ready, [ready, replicaSet, deployment], ms(300));
  watched.forget(ready.metadata.uid);
  expect(watched.observation(ms(300)).good).toEqual([]);
});

test('only revisions of Deployments that the policy selects are noted', () => {
  const watched = level('Pod');
  const ready = pod('True', 0);
  watched.evaluate(ready, [ready, replicaSet, deployment], ms(0));
  expect(watched.observation(ms(600)).good).toEqual([]);
});

test.each([
  ['StatefulSet', 'db-6f9c'],
  ['DaemonSet', '6f9c'],
])('a revision of a %s is known by the mark of its pods', (kind, mark) => {
  const set = projectWorkload({ apiVersion: 'apps/v1', kind })(object(kind, 'db'));
  const { metadata } = object('Pod', 'db-0', { owner: set, labels: { 'controller-revision-hash': mark } });
  const ready = projectPod(
    podOf([container(0, running(0))], { conditions: [condition('Ready', 'True', 0)] }, metadata),
  );
  const watched = level(kind);
  watched.evaluate(ready, [ready, set], ms(0));
  expect(watched.observation(ms(60)).good).toEqual([`${set.metadata.uid}/6f9c`]);
});
