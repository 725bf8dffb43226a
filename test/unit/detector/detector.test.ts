import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { HealingPolicy } from '../../../src/api/healing-policy.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { Detector } from '../../../src/detector/detector.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { ManualClock, turn } from '../../support/manual-clock.ts';
import { MemoryCluster } from '../../support/memory-cluster.ts';
import { object, uidOf } from '../../support/objects.ts';
import { at, condition, container, ms, podOf, running, terminated, waiting } from '../../support/pods.ts';
import { RecordingObserver } from '../../support/recording-observer.ts';

const PODS = { apiVersion: 'v1', kind: 'Pod' };
const DEPLOYMENTS = { apiVersion: 'apps/v1', kind: 'Deployment' };

const policy = (
  name: string,
  spec: Partial<HealingPolicy['spec']> = {},
  meta: Partial<HealingPolicy['metadata']> = {},
): HealingPolicy => ({
  apiVersion: 'kubeskippy.io/v1alpha1',
  kind: 'HealingPolicy',
  metadata: { name, namespace: 'shop', uid: uidOf('hp', name), resourceVersion: '1', generation: 1, ...meta },
  spec: {
    selector: {},
    triggers: [{ name: 'crash', type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff', duration: '0s' } }],
    actions: [{ type: 'restart' }],
    ...spec,
  },
});
const deployment = object('Deployment', 'web', { labels: { app: 'web' } });
const replicaSet = object('ReplicaSet', 'web-1', { owner: deployment, labels: { app: 'web' } });
const pod = (
  name: string,
  status: ReturnType<typeof container>,
  owner: KubeObject | undefined = replicaSet,
  rest = {},
) => podOf([status], rest, { name, uid: uidOf('Pod', name), owner, labels: { app: 'web' } });
const healthy = container(0, running(0));
const crashed = container(1, terminated(5, 8), terminated(1, 4));

let clock: ManualClock;
let cluster: MemoryCluster;
let observer: RecordingObserver;
let detector: Detector;

beforeEach(() => {
  clock = new ManualClock(ms(10));
  cluster = new MemoryCluster();
  observer = new RecordingObserver();
  detector = new Detector({ watches: cluster, observer, clock, logger: createLogger('test', 'silent') });
});
afterEach(async () => {
  await detector.stop();
  expect(clock.pending).toBe(0);
});

const start = async (...objects: readonly KubeObject[]): Promise<void> => {
  for (const each of objects) cluster.put(each);
  detector.start();
  await turn();
};
const put = async (...objects: readonly KubeObject[]): Promise<void> => {
  for (const each of objects) cluster.put(each);
  await turn();
};
const fired = (): string[] =>
  observer.last?.firing.map(({ trigger, subject }) => `${trigger} ${subject.kind} ${subject.name}`) ?? [];

describe('one fault', () => {
  test('is sent at once, with who may be acted upon, when, and why', async () => {
    await start(
      policy('p', { selector: { resources: [PODS, DEPLOYMENTS] } }),
      deployment,
      replicaSet,
      pod('web-1-a', healthy),
      pod('web-1-b', healthy),
    );
    expect(observer.observations).toEqual([
      {
        policy: { namespace: 'shop', name: 'p', uid: 'uid-hp-p' },
        policyGeneration: 1,
        firing: [],
        overflow: 0,
        selected: 3,
        unhealthy: 0,
      },
    ]);
    await put(pod('web-1-a', crashed));
    expect(observer.observations).toHaveLength(2);
    const target = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-1-a', uid: 'uid-pod-web-1-a' };
    expect(observer.last).toMatchObject({ selected: 3, unhealthy: 1, overflow: 0 });
    expect(observer.last?.firing).toEqual([
      {
        trigger: 'crash',
        subject: target,
        candidates: [
          target,
          { ...target, apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: 'uid-deployment-web' },
        ],
        since: '2026-11-25T08:00:08.000Z',
        evidence: 'container app terminated 2 times, last exit code 1 (Error)',
      },
    ]);
  });

  test('ends when it is no longer there', async () => {
    await start(policy('p'), pod('a', crashed));
    expect(fired()).toEqual(['crash Pod a']);
    await put(pod('a', container(2, running(9), terminated(5, 8, { exitCode: 0 }))));
    expect(fired()).toEqual([]);
  });

  test('ends with its object', async () => {
    await start(policy('p'), pod('a', crashed));
    cluster.delete(uidOf('Pod', 'a'));
    await turn();
    expect(fired()).toEqual([]);
    expect(observer.last).toMatchObject({ selected: 0, unhealthy: 0 });
  });

  test('ends when its object is on its way out', async () => {
    await start(policy('p'), pod('a', crashed));
    const leaving = pod('a', crashed);
    await put({ ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: at(9) } });
    expect(fired()).toEqual([]);
  });

  test('of a Pod that was made anew under its name is another one', async () => {
    await start(policy('p'), pod('a', crashed));
    cluster.delete(uidOf('Pod', 'a'));
    const anew = pod('a', crashed);
    await put({ ...anew, metadata: { ...anew.metadata, uid: 'another' } });
    expect(observer.last?.firing.map(({ subject }) => subject.uid)).toEqual(['another']);
  });
});

describe('nothing is sent that says nothing new', () => {
  test('a healthy namespace costs one message a minute', async () => {
    await start(policy('p'), pod('a', healthy));
    await put(pod('a', container(0, running(3))), pod('b', healthy));
    expect(observer.observations).toHaveLength(1);
    await clock.advance(59_000);
    expect(observer.observations).toHaveLength(1);
    await clock.advance(1_000);
    expect(observer.observations).toHaveLength(2);
    expect(observer.last).toMatchObject({ selected: 2 });
  });

  test('new evidence of the same fault waits for the next whole message', async () => {
    await start(policy('p'), pod('a', crashed));
    await put(pod('a', container(2, terminated(9, 10), terminated(5, 8))));
    expect(observer.observations).toHaveLength(1);
    await clock.advance(60_000);
    expect(observer.last?.firing).toMatchObject([
      { since: '2026-11-25T08:00:08.000Z', evidence: 'container app terminated 3 times, last exit code 1 (Error)' },
    ]);
  });

  test('a policy without any object is still observed, so that its workflow exists', async () => {
    await start(policy('p'));
    expect(observer.observations).toMatchObject([{ firing: [], selected: 0 }]);
  });

  test('changes in one turn make one message', async () => {
    await start(policy('p'));
    await put(...Array.from({ length: 15 }, (_, index) => pod(`p${index}`, crashed)));
    expect(observer.last?.firing).toHaveLength(15);
    expect(observer.observations.length).toBeLessThanOrEqual(3);
  });
});

describe('who is concerned', () => {
  const own = { resources: [DEPLOYMENTS] };

  test('a Pod through its Deployment, which then is the only candidate', async () => {
    await start(policy('p', { selector: own }), deployment, replicaSet, pod('web-1-a', crashed));
    expect(observer.last?.firing).toMatchObject([
      { subject: { kind: 'Pod' }, candidates: [{ kind: 'Deployment', name: 'web' }] },
    ]);
    expect(observer.last).toMatchObject({ selected: 1, unhealthy: 1 });
  });

  test('whatever order the objects are heard of in', async () => {
    await start(policy('p', { selector: own }));
    await put(pod('web-1-a', crashed));
    expect(fired()).toEqual([]);
    await put(deployment);
    expect(fired()).toEqual([]);
    await put(replicaSet);
    expect(fired()).toEqual(['crash Pod web-1-a']);
  });

  test('labels that change on the Deployment', async () => {
    await start(
      policy('p', { selector: { ...own, labelSelector: { matchLabels: { app: 'web' } } } }),
      deployment,
      replicaSet,
      pod('web-1-a', crashed),
    );
    expect(fired()).toEqual(['crash Pod web-1-a']);
    await put({ ...deployment, metadata: { ...deployment.metadata, labels: { app: 'other' } } });
    expect(fired()).toEqual([]);
    expect(observer.last).toMatchObject({ selected: 0 });
  });

  test('a Deployment that is deleted before its Pods', async () => {
    await start(policy('p', { selector: own }), deployment, replicaSet, pod('web-1-a', crashed));
    cluster.delete(uidOf('Deployment', 'web'));
    await turn();
    expect(fired()).toEqual([]);
  });

  test('not the Pods of another namespace, whatever the policy says', async () => {
    const elsewhere = podOf([crashed], {}, { name: 'x', uid: 'x', namespace: 'bank' });
    await start(policy('p', { selector: { namespaces: ['shop', 'bank'] } }), elsewhere, pod('a', crashed));
    expect(fired()).toEqual(['crash Pod a']);
  });

  test('a Deployment for its own conditions, and not once more its ReplicaSet', async () => {
    const triggers = [{ type: 'condition' as const, conditionTrigger: { type: 'ReplicaFailure', duration: '0s' } }];
    const failing = (of: KubeObject) => ({
      ...of,
      status: { observedGeneration: 1, conditions: [condition('ReplicaFailure', 'True', 5)] },
    });
    await start(policy('p', { selector: own, triggers }), failing(deployment), failing(replicaSet));
    expect(fired()).toEqual(['condition-1 Deployment web']);
  });

  test('each policy for itself', async () => {
    const image = { type: 'condition' as const, conditionTrigger: { type: 'ErrImagePull', duration: '0s' } };
    await start(
      policy('crashes'),
      policy('images', { triggers: [image] }),
      pod('a', crashed),
      pod('b', container(0, waiting('ErrImagePull'))),
    );
    const byPolicy = Object.fromEntries(
      observer.observations.map((each) => [each.policy.name, each.firing.map(({ subject }) => subject.name)]),
    );
    expect(byPolicy).toEqual({ crashes: ['a'], images: ['b'] });
  });

  test('a trigger that is not honoured keeps no other from working', async () => {
    const metric = { type: 'metric' as const, query: 'up', threshold: 1 };
    const broken = { type: 'condition' as const, conditionTrigger: { type: 'Ready', duration: 'soon' } };
    await start(policy('p', { triggers: [metric, broken, ...policy('p').spec.triggers] }), pod('a', crashed));
    expect(fired()).toEqual(['crash Pod a']);
  });
});

describe('held for', () => {
  const triggers = [
    { name: 'slow', type: 'condition' as const, conditionTrigger: { type: 'CrashLoopBackOff', duration: '1m' } },
  ];

  test('fires when the time is over, without any event', async () => {
    await start(policy('p', { triggers }), pod('a', container(1, waiting('CrashLoopBackOff'), terminated(5, 8))));
    expect(fired()).toEqual([]);
    await clock.advance(57_000);
    expect(fired()).toEqual([]);
    await clock.advance(1_000);
    expect(fired()).toEqual(['slow Pod a']);
    expect(clock.now()).toBe(ms(68));
  });

  test('counts through all states of the loop', async () => {
    await start(policy('p', { triggers }), pod('a', container(1, terminated(5, 8), terminated(1, 4))));
    for (let crash = 2; crash < 20; crash += 1) {
      await clock.advance(3_000);
      await put(
        pod('a', container(crash, terminated(crash * 3, crash * 3 + 2), terminated(crash * 3 - 3, crash * 3 - 1))),
      );
    }
    expect(fired()).toEqual([]);
    await clock.advance(4_000);
    expect(observer.last?.firing).toMatchObject([{ since: '2026-11-25T08:00:08.000Z' }]);
  });

  test('is over when the container recovers, without any event', async () => {
    await start(policy('p'), pod('a', container(2, running(9), terminated(5, 8))));
    expect(fired()).toEqual(['crash Pod a']);
    await clock.advance(29_000);
    expect(fired()).toEqual([]);
  });

  test('an edit of something else does not start it anew', async () => {
    const waits = pod('a', container(0, waiting('ErrImagePull')), undefined, { phase: 'Pending' });
    const image = [
      { name: 'image', type: 'condition' as const, conditionTrigger: { type: 'ErrImagePull', duration: '1m' } },
    ];
    await start(
      policy('p', { triggers: image }),
      pod('a', container(0, waiting('ContainerCreating')), undefined, { phase: 'Pending' }),
    );
    await put(waits);
    await clock.advance(50_000);
    await put(policy('p', { triggers: image, mode: 'automatic' }, { generation: 2 }));
    await clock.advance(9_999);
    expect(fired()).toEqual([]);
    await clock.advance(1);
    expect(fired()).toEqual(['image Pod a']);
  });
});

describe('policies', () => {
  test('an edit is judged anew and told at once', async () => {
    await start(policy('p'), pod('a', crashed));
    await put(policy('p', { triggers: [] }, { generation: 2 }));
    expect(observer.last).toMatchObject({ policyGeneration: 2, firing: [] });
    await put(policy('p', {}, { generation: 3 }));
    expect(fired()).toEqual(['crash Pod a']);
  });

  test('a change of its status only is no edit', async () => {
    await start(policy('p'), pod('a', crashed));
    await put({ ...policy('p'), status: { observedGeneration: 1 } } as KubeObject);
    expect(observer.observations).toHaveLength(1);
  });

  test('a deleted one is told to its workflow, once nothing is under way', async () => {
    await start(policy('p'), pod('a', healthy));
    const release = observer.hold();
    await put(pod('a', crashed));
    cluster.delete(uidOf('hp', 'p'));
    await turn();
    expect(observer.deleted).toEqual([]);
    release();
    await turn();
    expect(observer.deleted).toEqual([{ namespace: 'shop', name: 'p', uid: 'uid-hp-p' }]);
    const told = observer.observations.length;
    await put(pod('a', healthy), pod('b', crashed));
    await clock.advance(120_000);
    expect(observer.observations).toHaveLength(told);
  });

  test('its end is told until it is heard', async () => {
    await start(policy('p'));
    observer.refuse = 3;
    cluster.delete(uidOf('hp', 'p'));
    for (let tries = 0; tries < 10; tries += 1) await turn();
    expect(observer.deleted).toHaveLength(1);
  });

  test('one that is made anew under its name is another one', async () => {
    await start(policy('p'), pod('a', crashed));
    cluster.delete(uidOf('hp', 'p'));
    await put(policy('p', {}, { uid: 'another' }));
    expect(observer.deleted).toHaveLength(1);
    expect(observer.last?.policy.uid).toBe('another');
    expect(fired()).toEqual(['crash Pod a']);
  });
});

describe('what is not known is not told', () => {
  test('before every kind was seen, nothing', async () => {
    cluster.put(policy('p'));
    cluster.put(pod('a', crashed));
    cluster.holdBack('ReplicaSet');
    detector.start();
    await clock.advance(300_000);
    expect(observer.observations).toEqual([]);
    expect(detector.staleKinds).toEqual(['ReplicaSet']);
    cluster.syncs('ReplicaSet');
    await detector.ready;
    await turn();
    expect(fired()).toEqual(['crash Pod a']);
  });

  test('while a watch is silent for too long, nothing; then what is true', async () => {
    await start(policy('p'), pod('a', healthy));
    cluster.silence('Deployment', 120_001);
    await put(pod('a', crashed));
    await clock.advance(300_000);
    expect(observer.observations).toHaveLength(1);
    cluster.silence('Deployment', 0);
    await clock.advance(5_000);
    expect(fired()).toEqual(['crash Pod a']);
  });

  test('a status that lags behind its spec for a moment does not end a fault', async () => {
    const triggers = [
      {
        type: 'condition' as const,
        conditionTrigger: { type: 'Progressing', status: 'False' as const, duration: '0s' },
      },
    ];
    const stuck = (generation: number, observedGeneration: number) => ({
      ...deployment,
      metadata: { ...deployment.metadata, generation },
      status: { observedGeneration, conditions: [condition('Progressing', 'False', 5)] },
    });
    await start(policy('p', { selector: { resources: [DEPLOYMENTS] }, triggers }), stuck(1, 1));
    expect(fired()).toEqual(['condition-1 Deployment web']);
    await put(stuck(2, 1));
    await clock.advance(5_000);
    await put(stuck(2, 2));
    await clock.advance(50_000);
    expect(observer.observations).toHaveLength(1);
    await put(stuck(3, 2)); // and now its controller is gone
    await clock.advance(9_999);
    expect(fired()).toEqual(['condition-1 Deployment web']);
    await clock.advance(1);
    expect(fired()).toEqual([]);
  });
});

test('counts what it does', async () => {
  await start(policy('p'), pod('a', healthy));
  await put(pod('a', crashed));
  expect(detector.figures).toMatchObject({ evaluations: 2, sends: 2, failedSends: 0, events: 2 });
  expect(detector.figures.latency.buckets.reduce((sum, count) => sum + count)).toBe(2);
});
