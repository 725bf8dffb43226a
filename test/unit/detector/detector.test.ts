import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  crashed,
  deployment,
  DEPLOYMENTS,
  DetectorWorld,
  healthy,
  pod,
  policy,
  PODS,
  replicaSet,
} from '../../support/detector-world.ts';
import { turn } from '../../support/manual-clock.ts';
import { uidOf } from '../../support/objects.ts';
import { at, condition, container, ms, running, terminated, waiting } from '../../support/pods.ts';

let world: DetectorWorld;

beforeEach(() => {
  world = new DetectorWorld();
});
afterEach(async () => {
  await world.detector.stop();
  expect(world.clock.pending).toBe(0);
});

describe('one fault', () => {
  test('is sent at once, with who may be acted upon, when, and why', async () => {
    await world.start(
      policy('p', { selector: { resources: [PODS, DEPLOYMENTS] } }),
      deployment,
      replicaSet,
      pod('web-1-a', healthy),
      pod('web-1-b', healthy),
    );
    expect(world.observer.observations).toEqual([
      {
        policy: { namespace: 'shop', name: 'p', uid: 'uid-hp-p' },
        policyGeneration: 1,
        firing: [],
        overflow: 0,
        selected: 3,
        unhealthy: 0,
        good: [],
      },
    ]);
    await world.put(pod('web-1-a', crashed));
    expect(world.observer.observations).toHaveLength(2);
    const target = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web-1-a', uid: 'uid-pod-web-1-a' };
    expect(world.observer.last).toMatchObject({ selected: 3, unhealthy: 1, overflow: 0 });
    expect(world.observer.last?.firing).toEqual([
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
    await world.start(policy('p'), pod('a', crashed));
    expect(world.fired).toEqual(['crash Pod a']);
    await world.put(pod('a', container(2, running(9), terminated(5, 8, { exitCode: 0 }))));
    expect(world.fired).toEqual([]);
  });

  test('ends with its object', async () => {
    await world.start(policy('p'), pod('a', crashed));
    await world.delete('Pod', 'a');
    expect(world.fired).toEqual([]);
    expect(world.observer.last).toMatchObject({ selected: 0, unhealthy: 0 });
  });

  test('ends when its object is on its way out', async () => {
    await world.start(policy('p'), pod('a', crashed));
    const leaving = pod('a', crashed);
    await world.put({ ...leaving, metadata: { ...leaving.metadata, deletionTimestamp: at(9) } });
    expect(world.fired).toEqual([]);
  });

  test('of a Pod that was made anew under its name is another one', async () => {
    await world.start(policy('p'), pod('a', crashed));
    world.cluster.delete(uidOf('Pod', 'a'));
    const anew = pod('a', crashed);
    await world.put({ ...anew, metadata: { ...anew.metadata, uid: 'another' } });
    expect(world.observer.last?.firing.map(({ subject }) => subject.uid)).toEqual(['another']);
  });
});

describe('nothing is sent that says nothing new', () => {
  test('a healthy namespace costs one message a minute', async () => {
    await world.start(policy('p'), pod('a', healthy));
    await world.put(pod('a', container(0, running(3))), pod('b', healthy));
    expect(world.observer.observations).toHaveLength(1);
    await world.clock.advance(59_000);
    expect(world.observer.observations).toHaveLength(1);
    await world.clock.advance(1_000);
    expect(world.observer.observations).toHaveLength(2);
    expect(world.observer.last).toMatchObject({ selected: 2 });
  });

  test('new evidence of the same fault waits for the next whole message', async () => {
    await world.start(policy('p'), pod('a', crashed));
    await world.put(pod('a', container(2, terminated(9, 10), terminated(5, 8))));
    expect(world.observer.observations).toHaveLength(1);
    await world.clock.advance(60_000);
    expect(world.observer.last?.firing).toMatchObject([
      { since: '2026-11-25T08:00:08.000Z', evidence: 'container app terminated 3 times, last exit code 1 (Error)' },
    ]);
  });

  test('a policy without any object is still observed, so that its workflow exists', async () => {
    await world.start(policy('p'));
    expect(world.observer.observations).toMatchObject([{ firing: [], selected: 0 }]);
  });

  test('changes in one turn make one message', async () => {
    await world.start(policy('p'));
    await world.put(...Array.from({ length: 15 }, (_, index) => pod(`p${index}`, crashed)));
    expect(world.observer.last?.firing).toHaveLength(15);
    expect(world.observer.observations.length).toBeLessThanOrEqual(3);
  });
});

describe('held for', () => {
  const triggers = [
    { name: 'slow', type: 'condition' as const, conditionTrigger: { type: 'CrashLoopBackOff', duration: '1m' } },
  ];

  test('fires when the time is over, without any event', async () => {
    await world.start(policy('p', { triggers }), pod('a', container(1, waiting('CrashLoopBackOff'), terminated(5, 8))));
    expect(world.fired).toEqual([]);
    await world.clock.advance(57_000);
    expect(world.fired).toEqual([]);
    await world.clock.advance(1_000);
    expect(world.fired).toEqual(['slow Pod a']);
    expect(world.clock.now()).toBe(ms(68));
  });

  test('counts through all states of the loop', async () => {
    await world.start(policy('p', { triggers }), pod('a', container(1, terminated(5, 8), terminated(1, 4))));
    for (let crash = 2; crash < 20; crash += 1) {
      await world.clock.advance(3_000);
      await world.put(
        pod('a', container(crash, terminated(crash * 3, crash * 3 + 2), terminated(crash * 3 - 3, crash * 3 - 1))),
      );
    }
    expect(world.fired).toEqual([]);
    await world.clock.advance(4_000);
    expect(world.observer.last?.firing).toMatchObject([{ since: '2026-11-25T08:00:08.000Z' }]);
  });

  test('is over when the container recovers, without any event', async () => {
    await world.start(policy('p'), pod('a', container(2, running(9), terminated(5, 8))));
    expect(world.fired).toEqual(['crash Pod a']);
    await world.clock.advance(29_000);
    expect(world.fired).toEqual([]);
  });

  test('an edit of something else does not start it anew', async () => {
    const waits = pod('a', container(0, waiting('ErrImagePull')), { phase: 'Pending' });
    const image = [
      { name: 'image', type: 'condition' as const, conditionTrigger: { type: 'ErrImagePull', duration: '1m' } },
    ];
    await world.start(
      policy('p', { triggers: image }),
      pod('a', container(0, waiting('ContainerCreating')), { phase: 'Pending' }),
    );
    await world.put(waits);
    await world.clock.advance(50_000);
    await world.put(policy('p', { triggers: image, mode: 'automatic' }, { generation: 2 }));
    await world.clock.advance(9_999);
    expect(world.fired).toEqual([]);
    await world.clock.advance(1);
    expect(world.fired).toEqual(['image Pod a']);
  });
});

describe('what is not known is not told', () => {
  test('before every kind was seen, nothing', async () => {
    world.cluster.put(policy('p'));
    world.cluster.put(pod('a', crashed));
    world.cluster.holdBack('ReplicaSet');
    world.detector.start();
    await world.clock.advance(300_000);
    expect(world.observer.observations).toEqual([]);
    expect(world.detector.staleKinds).toEqual(['ReplicaSet']);
    world.cluster.syncs('ReplicaSet');
    await world.detector.ready;
    await turn();
    expect(world.fired).toEqual(['crash Pod a']);
  });

  test('while a watch is silent for too long, nothing; then what is true', async () => {
    await world.start(policy('p'), pod('a', healthy));
    world.cluster.silence('Deployment', 120_001);
    await world.put(pod('a', crashed));
    await world.clock.advance(300_000);
    expect(world.observer.observations).toHaveLength(1);
    world.cluster.silence('Deployment', 0);
    await world.clock.advance(5_000);
    expect(world.fired).toEqual(['crash Pod a']);
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
    await world.start(policy('p', { selector: { resources: [DEPLOYMENTS] }, triggers }), stuck(1, 1));
    expect(world.fired).toEqual(['condition-1 Deployment web']);
    await world.put(stuck(2, 1));
    await world.clock.advance(5_000);
    await world.put(stuck(2, 2));
    await world.clock.advance(50_000);
    expect(world.observer.observations).toHaveLength(1);
    await world.put(stuck(3, 2)); // and now its controller is gone
    await world.clock.advance(9_999);
    expect(world.fired).toEqual(['condition-1 Deployment web']);
    await world.clock.advance(1);
    expect(world.fired).toEqual([]);
  });
});

test('counts what it does', async () => {
  await world.start(policy('p'), pod('a', healthy));
  await world.put(pod('a', crashed));
  expect(world.detector.figures).toMatchObject({ evaluations: 2, sends: 2, failedSends: 0, events: 2 });
  expect(world.detector.figures.latency.buckets.reduce((sum, count) => sum + count)).toBe(2);
});
