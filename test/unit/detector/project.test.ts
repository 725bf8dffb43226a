import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Pod } from '../../../src/api/workloads.ts';
import { projectPod, projectPolicy, projectWorkload } from '../../../src/detector/project.ts';
import { evaluateCondition } from '../../../src/triggers/condition.ts';
import { object } from '../../support/objects.ts';
import { condition, container, ms, oomKilled, podOf, running, terminated, waiting } from '../../support/pods.ts';

const full = (containers: Parameters<typeof podOf>[0]): Pod => {
  const pod = podOf(
    containers,
    { podIP: '10.0.0.1', conditions: [condition('Ready', 'False', 3, 'ContainersNotReady')] },
    {
      labels: { app: 'web' },
      annotations: { huge: 'x'.repeat(10_000) },
      finalizers: ['f'],
      creationTimestamp: '2026-11-25T07:00:00Z',
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Other', name: 'o', uid: 'o' },
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'rs', controller: true },
      ],
    },
  );
  return { ...pod, spec: { containers: [{ name: 'app', env: [{ name: 'PASSWORD', value: 'hunter2' }] }] } };
};

describe('a Pod', () => {
  test('keeps what triggers and selectors need', () => {
    expect(projectPod(full([container(1, running(5), terminated(0, 4))]))).toEqual({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: 'web-1-a',
        namespace: 'shop',
        uid: 'uid-pod-web-1-a',
        resourceVersion: '1',
        labels: { app: 'web' },
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'rs', controller: true }],
      },
      status: {
        phase: 'Running',
        conditions: [
          { type: 'Ready', status: 'False', reason: 'ContainersNotReady', lastTransitionTime: '2026-11-25T08:00:03Z' },
        ],
        containerStatuses: [
          {
            name: 'app',
            restartCount: 1,
            state: { running: { startedAt: '2026-11-25T08:00:05Z' } },
            lastState: {
              terminated: {
                exitCode: 1,
                reason: 'Error',
                startedAt: '2026-11-25T08:00:00Z',
                finishedAt: '2026-11-25T08:00:04Z',
              },
            },
          },
        ],
      },
    });
  });

  test('keeps nothing that may hold a secret: no environment, no annotations, no last words of a container', () => {
    const words = terminated(1, 2, { message: 'hunter2' });
    expect(JSON.stringify(projectPod(full([container(1, words, words)])))).not.toMatch(/hunter2|huge/);
  });

  test('keeps init containers too', () => {
    const init = container(0, waiting('ImagePullBackOff'), {}, 'migrate');
    const { ready: _ready, ...kept } = init;
    expect(projectPod(podOf([], { initContainerStatuses: [init] })).status?.initContainerStatuses).toEqual([kept]);
  });

  test('without a status has none', () => {
    expect(projectPod(object('Pod', 'new'))).not.toHaveProperty('status');
  });

  test('of a list, where items carry no kind, has one', () => {
    const { kind: _kind, apiVersion: _apiVersion, ...item } = object('Deployment', 'web');
    expect(projectWorkload({ apiVersion: 'apps/v1', kind: 'Deployment' })(item)).toMatchObject({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
    });
  });

  test('every trigger says the same of it as of the whole', () => {
    const state = fc.oneof(
      fc.integer({ min: 0, max: 50 }).map(running),
      fc
        .constantFrom('CrashLoopBackOff', 'ErrImagePull', 'ContainerCreating')
        .map((reason) => waiting(reason, 'because')),
      fc
        .tuple(fc.integer({ min: 0, max: 50 }), fc.constantFrom(0, 1))
        .map(([end, exitCode]) => terminated(0, end, { exitCode, message: 'bye' })),
      fc.integer({ min: 0, max: 50 }).map((end) => oomKilled(0, end)),
      fc.constant({}),
    );
    const pods = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 4 }), state, state), { maxLength: 3 })
      .map((all) => full(all.map(([restarts, now, last]) => container(restarts, now, last))));
    fc.assert(
      fc.property(
        pods,
        fc.constantFrom('CrashLoopBackOff', 'OOMKilled', 'ErrImagePull', 'Ready', 'Absent'),
        fc.integer({ min: 0, max: 300 }),
        (pod, type, now) => {
          expect(evaluateCondition({ type }, projectPod(pod), ms(now))).toEqual(
            evaluateCondition({ type }, pod, ms(now)),
          );
        },
      ),
    );
  });
});

test('a workload keeps its conditions and how current they are', () => {
  const raw = {
    ...object('Deployment', 'web', {
      generation: 4,
      annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
    }),
    spec: { replicas: 3 },
    status: {
      observedGeneration: 3,
      replicas: 3,
      conditions: [{ ...condition('Progressing', 'False', 9), lastUpdateTime: '2026-11-25T08:00:09Z' }],
    },
  };
  const { metadata, status } = projectWorkload({ apiVersion: 'apps/v1', kind: 'Deployment' })(raw);
  expect(metadata).toEqual({
    name: 'web',
    namespace: 'shop',
    uid: 'uid-deployment-web',
    resourceVersion: '1',
    generation: 4,
  });
  expect(status).toEqual({ observedGeneration: 3, conditions: [condition('Progressing', 'False', 9)] });
});

test('a policy keeps what it asks for, not what it found', () => {
  const raw = {
    ...object('HealingPolicy', 'p', { generation: 2 }),
    spec: { selector: {}, triggers: [], actions: [] },
    status: { actionsTaken: 9 },
  };
  expect(projectPolicy(raw)).toEqual({
    metadata: { name: 'p', namespace: 'shop', uid: 'uid-healingpolicy-p', resourceVersion: '1', generation: 2 },
    spec: raw.spec,
  });
});
