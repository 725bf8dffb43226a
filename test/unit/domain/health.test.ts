import { describe, expect, test } from '@jest/globals';
import type {
  ContainerStatus,
  DaemonSet,
  Deployment,
  Pod,
  ReplicaSet,
  StatefulSet,
} from '../../../src/api/workloads.ts';
import { podKey, restartsOf, rolloutCounts, workloadHealth, type Workload } from '../../../src/domain/health.ts';
import type { Baseline } from '../../../src/domain/steps.ts';
import { object } from '../../support/objects.ts';

const template = { spec: { containers: [{ name: 'app' }] } };
const selector = { matchLabels: { app: 'cart' } };

const deployment = (status: Deployment['status'] = {}, replicas = 2): Deployment => ({
  ...object('Deployment', 'cart', { generation: 5 }),
  spec: { replicas, selector, template },
  status: {
    observedGeneration: 5,
    replicas: 2,
    updatedReplicas: 2,
    availableReplicas: 2,
    ...status,
  },
});
const container = (over: Partial<ContainerStatus> = {}): ContainerStatus => ({
  name: 'app',
  restartCount: 0,
  ready: true,
  state: { running: {} },
  ...over,
});
const pod = (name: string, over: Partial<ContainerStatus> = {}, ready = 'True', phase = 'Running'): Pod => ({
  ...object('Pod', name, { uid: `${name}-0123456789abcdef` }),
  spec: template.spec,
  status: { phase, conditions: [{ type: 'Ready', status: ready }], containerStatuses: [container(over)] },
});
const baseline = (over: Partial<Baseline> = {}): Baseline => ({ generation: 5, available: 2, restarts: {}, ...over });
const wellPods = [pod('p1'), pod('p2')];

describe('a workload', () => {
  const state = (workload: Workload, pods: readonly Pod[] = wellPods, before = baseline()) =>
    workloadHealth(workload, pods, before);

  test('is healthy when it is rolled out and all its pods are well', () => {
    expect(state(deployment())).toEqual({
      state: 'healthy',
      detail: 'Deployment cart: 2 of 2 updated, 2 available, 2 pods Running and Ready',
      restarts: {},
    });
  });

  test.each<[string, Deployment]>([
    ['its controller has not seen our write', deployment({ observedGeneration: 4 })],
    ['it has no status yet', { ...deployment(), status: {} }],
    ['not all pods are updated', deployment({ updatedReplicas: 1 })],
    ['old pods are still there', deployment({ replicas: 3 })],
    ['not all are available', deployment({ availableReplicas: 1 })],
  ])('is settling while %s', (_name, workload) => {
    expect(state(workload).state).toBe('settling');
  });

  test('a generation newer than our write has to be observed as well', () => {
    const edited = { ...deployment(), metadata: { ...deployment().metadata, generation: 6 } };
    expect(state(edited).state).toBe('settling');
  });

  test.each<[string, Pod[]]>([
    ['a pod is missing', [pod('p1')]],
    [
      'a pod is being deleted',
      [pod('p1'), { ...pod('p2'), metadata: { ...pod('p2').metadata, deletionTimestamp: 't' } }],
    ],
    ['a pod is not Ready', [pod('p1'), pod('p2', {}, 'False')]],
    ['a pod is Pending', [pod('p1'), pod('p2', {}, 'True', 'Pending')]],
    [
      'a container waits in CrashLoopBackOff',
      [pod('p1'), pod('p2', { state: { waiting: { reason: 'CrashLoopBackOff' } } })],
    ],
    ['a container has just crashed', [pod('p1'), pod('p2', { state: { terminated: { exitCode: 1 } } })]],
  ])('is settling while %s', (_name, pods) => {
    expect(state(deployment(), pods).state).toBe('settling');
  });

  test('a container that is being created is no trouble of its own', () => {
    const starting = pod('p2', { state: { waiting: { reason: 'ContainerCreating' } } }, 'False', 'Pending');
    expect(state(deployment(), [pod('p1'), starting])).toEqual({
      state: 'settling',
      detail: 'pod p2 is Pending and not Ready',
    });
  });

  test('restarts do not make a pod unwell, but are reported', () => {
    const old = pod('p2', { restartCount: 7 });
    expect(state(deployment(), [pod('p1'), old])).toMatchObject({ state: 'healthy', restarts: { [podKey(old)]: 7 } });
  });

  test('that was scaled to nothing is not healed by that', () => {
    const none = deployment({ replicas: 0, updatedReplicas: 0, availableReplicas: 0 }, 0);
    expect(state(none, []).state).toBe('failed');
  });

  describe('whose number was set by the effect', () => {
    const asked = (workload: Workload, pods: readonly Pod[], number: number) =>
      workloadHealth(workload, pods, baseline(), number).state;
    const none = deployment({ replicas: 0, updatedReplicas: 0, availableReplicas: 0 }, 0);

    test('to nothing is well when nothing is left', () => {
      expect(asked(none, [], 0)).toBe('healthy');
      expect(asked(none, [pod('p1')], 0)).toBe('settling');
    });

    test('is not well with fewer than that', () => {
      expect(asked(deployment(), wellPods, 2)).toBe('healthy');
      expect(asked(deployment(), wellPods, 3)).toBe('settling');
    });
  });

  test('of which nothing runs, before or after, proves nothing', () => {
    const none = deployment({ replicas: 0, updatedReplicas: 0, availableReplicas: 0 }, 0);
    expect(state(none, [], baseline({ available: 0 })).state).toBe('unknown');
  });
});

describe('counts', () => {
  test('of a DaemonSet are those of its nodes', () => {
    const daemons: DaemonSet = {
      ...object('DaemonSet', 'agent'),
      spec: { selector, template },
      status: { desiredNumberScheduled: 4, currentNumberScheduled: 3, updatedNumberScheduled: 2, numberAvailable: 1 },
    };
    expect(rolloutCounts(daemons)).toEqual({ desired: 4, current: 3, updated: 2, available: 1 });
  });

  test('of a StatefulSet leave out what its partition keeps back', () => {
    const set: StatefulSet = {
      ...object('StatefulSet', 'db'),
      spec: { replicas: 3, selector, template, updateStrategy: { rollingUpdate: { partition: 2 } } },
      status: { replicas: 3, updatedReplicas: 1, availableReplicas: 3 },
    };
    expect(rolloutCounts(set)).toEqual({ desired: 3, current: 3, updated: 3, available: 3 });
  });

  test('of a ReplicaSet know one revision, and replicas default to one', () => {
    const set: ReplicaSet = {
      ...object('ReplicaSet', 'cart-1'),
      spec: { selector, template },
      status: { replicas: 1 },
    };
    expect(rolloutCounts(set)).toEqual({ desired: 1, current: 1, updated: 1, available: 0 });
  });
});

describe('restarts', () => {
  test('count sidecars, but not an init container that tried until it succeeded', () => {
    const withInit: Pod = {
      ...pod('p'),
      spec: {
        containers: [{ name: 'app' }],
        initContainers: [{ name: 'wait-for-db' }, { name: 'proxy', restartPolicy: 'Always' }],
      },
      status: {
        containerStatuses: [container({ restartCount: 1 })],
        initContainerStatuses: [
          container({ name: 'wait-for-db', restartCount: 5 }),
          container({ name: 'proxy', restartCount: 2 }),
        ],
      },
    };
    expect(restartsOf(withInit)).toBe(3);
  });
});
