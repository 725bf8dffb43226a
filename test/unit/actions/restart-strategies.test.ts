import { describe, expect, test } from '@jest/globals';
import { restart } from '../../../src/actions/restart.ts';
import type { ActionTemplate } from '../../../src/api/healing-action.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { DaemonSet, Deployment, Pod, StatefulSet } from '../../../src/api/workloads.ts';
import { object } from '../../support/objects.ts';
import { forAction } from '../../support/objects.ts';

type Settings = NonNullable<ActionTemplate['restartAction']>;
type Workload = Deployment | StatefulSet | DaemonSet;
const common = { selector: {}, template: { spec: { containers: [] } } };
const marker = { key: 'kubeskippy.io/applied-u', value: 'execute-1' };

const deployment = (replicas: number, strategy?: Deployment['spec']['strategy']): Deployment => ({
  ...object('Deployment', 'cart'),
  spec: { ...common, replicas, ...(strategy === undefined ? {} : { strategy }) },
  status: { replicas, availableReplicas: replicas, updatedReplicas: replicas },
});
const statefulSet = (
  replicas: number,
  updateStrategy: NonNullable<StatefulSet['spec']['updateStrategy']> = {},
  updateRevision = 'a',
): StatefulSet => ({
  ...object('StatefulSet', 'db'),
  spec: { ...common, replicas, updateStrategy },
  status: { replicas, availableReplicas: replicas, currentRevision: 'a', updateRevision },
});
const daemonSet = (desired: number, maxUnavailable?: number | string): DaemonSet => ({
  ...object('DaemonSet', 'agent'),
  spec: {
    ...common,
    updateStrategy: {
      type: 'RollingUpdate',
      ...(maxUnavailable === undefined ? {} : { rollingUpdate: { maxUnavailable } }),
    },
  },
  status: { desiredNumberScheduled: desired, numberAvailable: desired, updatedNumberScheduled: desired },
});

const pod = (
  owner: KubeObject,
  name: string,
  { ready = true, ...meta }: { ready?: boolean } & Partial<Pod['metadata']> = {},
): Pod => ({
  ...object('Pod', name, { owner, ...meta }),
  spec: { containers: [] },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
});
/** With the ReplicaSet between a Deployment and its pods. */
const withPods = (workload: Workload, count: number): readonly KubeObject[] => {
  const owner = workload.kind === 'Deployment' ? object('ReplicaSet', 'cart-1', { owner: workload }) : workload;
  const pods = Array.from({ length: count }, (_, index) => pod(owner, `${workload.metadata.name}-${index}`));
  return owner === workload ? pods : [owner, ...pods];
};
const plan = (target: Workload, restartAction?: Settings, related = withPods(target, 3)) =>
  restart.plan({
    target,
    related,
    seenGood: [],
    failed: [],
    ...forAction,
    template: { type: 'restart', ...(restartAction === undefined ? {} : { restartAction }) },
    stamp: '2026-01-01T00:00:00.000Z',
  });
const setOf = (planned: ReturnType<typeof plan>): readonly string[] => {
  if (planned.result !== 'planned') throw new Error(planned.message);
  return (JSON.parse(planned.change ?? '{"evict":[]}') as { evict: [string, string][] }).evict.map(([name]) => name);
};

describe('rolling', () => {
  test.each<[string, Workload, number, 'rollout' | 'evictions']>([
    ['a Deployment whose share is rounded down', deployment(7), 1, 'rollout'],
    ['a Deployment that takes two at a time', deployment(8), 1, 'evictions'],
    ['the same where two may go', deployment(8), 2, 'rollout'],
    ['a Deployment that takes none', deployment(40, { rollingUpdate: { maxUnavailable: 0 } }), 1, 'rollout'],
    [
      'a Deployment that takes half of them',
      deployment(4, { rollingUpdate: { maxUnavailable: '50%' } }),
      1,
      'evictions',
    ],
    ['a Deployment that takes all', deployment(3, { type: 'Recreate' }), 2, 'evictions'],
    ['a Deployment of one that takes all', deployment(1, { type: 'Recreate' }), 1, 'rollout'],
    ['a StatefulSet', statefulSet(9), 1, 'rollout'],
    [
      'a StatefulSet whose share is rounded up',
      statefulSet(9, { rollingUpdate: { maxUnavailable: '12%' } }),
      1,
      'evictions',
    ],
    ['a DaemonSet', daemonSet(20), 1, 'rollout'],
    ['a DaemonSet that takes a tenth', daemonSet(20, '10%'), 1, 'evictions'],
    ['a DaemonSet that takes a tenth where two may go', daemonSet(20, '10%'), 2, 'rollout'],
  ])('%s', (_name, target, maxConcurrent, expected) => {
    const planned = plan(target, { strategy: 'rolling', maxConcurrent });
    expect(planned).toMatchObject({ result: 'planned' });
    expect(setOf(planned)).toHaveLength(expected === 'evictions' ? 3 : 0);
    expect('parameters' in planned && 'restartedAt' in planned.parameters).toBe(expected === 'rollout');
  });

  test('is the strategy of who names none, one pod at a time', () => {
    expect(plan(deployment(8))).toMatchObject({ parameters: { strategy: 'rolling', maxConcurrent: '1' } });
  });

  test('evicts the others of a workload of which a pod is protected', () => {
    const related = withPods(deployment(3), 3);
    const [set, first, ...rest] = related;
    const marked = pod(set!, first?.metadata.name ?? '', { labels: { 'kubeskippy.io/protected': 'true' } });
    const planned = plan(deployment(3), {}, [set!, marked, ...rest]);
    expect(setOf(planned)).toEqual(['cart-1', 'cart-2']);
    expect(planned).toMatchObject({ summary: expect.stringContaining('1 protected stay') });
  });

  test('does not begin a rollout that would replace a pod that got protected after the plan', () => {
    const target = deployment(1);
    const [set] = withPods(target, 0);
    const marked = pod(set!, 'cart-0', { annotations: { 'kubeskippy.io/protected': 'true' } });
    expect(
      restart.execute({ target, related: [set!, marked], parameters: { restartedAt: 'x' }, marker }),
    ).toMatchObject({ result: 'drifted' });
  });
});

describe('by evictions', () => {
  const graceful: Settings = { strategy: 'graceful', maxConcurrent: 1 };

  test('fixes the pods and their order: those in trouble first, then by number', () => {
    const target = statefulSet(12);
    const related = [0, 2, 10].map((index) => pod(target, `db-${index}`, { ready: index !== 2 }));
    expect(setOf(plan(target, graceful, related))).toEqual(['db-2', 'db-10', 'db-0']);
  });

  test('leaves out pods that are leaving, are through, or belong to others', () => {
    const target = deployment(3);
    const [set, keep] = withPods(target, 1);
    const through: Pod = { ...pod(set!, 'through'), status: { phase: 'Failed' } };
    const related = [
      set!,
      keep!,
      through,
      pod(set!, 'leaving', { deletionTimestamp: '2026-01-01T00:00:00Z' }),
      pod(object('ReplicaSet', 'other'), 'foreign'),
    ];
    expect(setOf(plan(target, graceful, related))).toEqual(['cart-0']);
  });

  test.each<[string, Workload, Settings, readonly KubeObject[], RegExp]>([
    ['without pods', deployment(0), graceful, [], /has no pods/],
    [
      'with protected pods only',
      statefulSet(1),
      graceful,
      [pod(statefulSet(1), 'db-0', { labels: { 'kubeskippy.io/protected': 'true' } })],
      /only protected pods: Pod db-0 has label/,
    ],
    ['with too many pods', deployment(400), graceful, withPods(deployment(400), 400), /has 400 pods, too many/],
    ['OnDelete, by rollout', statefulSet(3, { type: 'OnDelete' }), {}, [], /strategy graceful evicts its pods/],
    [
      'OnDelete, with an update that waits',
      statefulSet(3, { type: 'OnDelete' }, 'b'),
      graceful,
      withPods(statefulSet(3), 3),
      /has an update that is not rolled out/,
    ],
  ])('a workload %s is refused', (_name, target, settings, related, words) => {
    expect(plan(target, settings, related)).toMatchObject({
      result: 'refused',
      message: expect.stringMatching(words),
    });
  });

  test('a workload OnDelete that is up to date is restarted', () => {
    const target = statefulSet(3, { type: 'OnDelete' });
    expect(setOf(plan(target, graceful, withPods(target, 3)))).toHaveLength(3);
  });

  test('the largest plan fits into the status', () => {
    const target = deployment(100);
    const planned = plan(target, graceful, withPods(target, 100));
    expect(setOf(planned)).toHaveLength(100);
    for (const value of Object.values('parameters' in planned ? planned.parameters : {}))
      expect(value.length).toBeLessThanOrEqual(256);
  });

  const execute = (target: Workload, related: readonly KubeObject[], maxConcurrent = 1) => {
    const planned = plan(target, { strategy: 'graceful', maxConcurrent }, withPods(target, 3));
    if (planned.result !== 'planned') throw new Error(planned.message);
    const { parameters, change = '' } = planned;
    return restart.execute({ target, related, parameters, change, marker });
  };

  test.each<[string, number, { replicas?: number; available?: number; fresh?: number; ready?: number }, string]>([
    ['nothing is away', 0, {}, 'effect'],
    ['one is away', 1, {}, 'wait'],
    ['one is away and replaced by one that is not Ready', 1, { fresh: 1 }, 'wait'],
    ['one is away and replaced', 1, { fresh: 1, ready: 1 }, 'effect'],
    ['one is replaced by one that is not Ready long enough', 1, { fresh: 1, ready: 1, available: 2 }, 'wait'],
    ['it was scaled down meanwhile', 1, { replicas: 2 }, 'effect'],
    ['it was scaled up meanwhile, and those are not Ready yet', 0, { replicas: 5, fresh: 2 }, 'wait'],
  ])('when %s', (_name, gone, { replicas = 3, available = 3, fresh = 0, ready = 0 }, expected) => {
    const target = deployment(3);
    const now: Deployment = {
      ...target,
      spec: { ...target.spec, replicas },
      status: { ...target.status, availableReplicas: available },
    };
    const [set, ...pods] = withPods(target, 3);
    const come = Array.from({ length: fresh }, (_, index) => pod(set!, `fresh-${index}`, { ready: index < ready }));
    const { parameters, change } = plan(target, graceful) as { parameters: Record<string, string>; change: string };
    const input = { target: now, related: [set!, ...pods.slice(gone), ...come], parameters, change, marker };
    expect(restart.execute(input).result).toBe(expected);
  });

  test('says whether it is the last, and when to look again', () => {
    const target = deployment(3);
    const [set, ...pods] = withPods(target, 3);
    expect(execute(target, [set!, ...pods])).toMatchObject({ unfinished: true, pauseMs: 1_000 });
    expect(execute(target, [set!, ...pods], 3)).toMatchObject({ unfinished: true, pauseMs: 0 });
    expect(execute(target, [set!, pods[2]!], 3)).not.toHaveProperty('unfinished');
  });

  test('is pending as long as a pod of it is on its way out', () => {
    const target = deployment(3);
    const [set, first] = withPods(target, 1);
    const { parameters, change } = plan(target, graceful) as { parameters: Record<string, string>; change: string };
    const leaving = pod(set!, first?.metadata.name ?? '', { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(restart.pending?.({ pods: [leaving], parameters, change })).toBe('pod cart-0 is to go and is still there');
    expect(restart.pending?.({ pods: [pod(set!, 'another')], parameters, change })).toBeUndefined();
  });
});
