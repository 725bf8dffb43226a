import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { KubeObject } from '../../../src/api/meta.ts';
import {
  crashed,
  deployment,
  DEPLOYMENTS,
  DetectorWorld,
  healthy,
  pod,
  policy,
  replicaSet,
} from '../../support/detector-world.ts';
import { turn } from '../../support/manual-clock.ts';
import { uidOf } from '../../support/objects.ts';
import { at, condition, container, podOf, waiting } from '../../support/pods.ts';

let world: DetectorWorld;

beforeEach(() => {
  world = new DetectorWorld();
});
afterEach(async () => {
  await world.detector.stop();
  expect(world.clock.pending).toBe(0);
});

describe('a policy that went away while nobody watched', () => {
  test('is told to its workflow at the start, and those that are there are left alone', async () => {
    world.observer.workflows = [uidOf('hp', 'p'), 'gone'];
    await world.start(policy('p'));
    expect(world.observer.deleted).toEqual([{ uid: 'gone' }]);
  });

  test('is told later, too', async () => {
    await world.start(policy('p'));
    world.observer.workflows = [uidOf('hp', 'p'), 'gone'];
    await world.clock.advance(3_600_000);
    expect(world.observer.deleted).toEqual([{ uid: 'gone' }]);
  });

  test('is not believed to be gone while it is not certain that all policies are known', async () => {
    await world.start(policy('p'));
    world.observer.workflows = ['gone'];
    world.cluster.silence('HealingPolicy', 10 * 60_000);
    await world.clock.advance(3_600_000);
    expect(world.observer.deleted).toEqual([]);
  });
});

describe('who is concerned', () => {
  const own = { resources: [DEPLOYMENTS] };

  test('a Pod through its Deployment, which then is the only candidate', async () => {
    await world.start(policy('p', { selector: own }), deployment, replicaSet, pod('web-1-a', crashed));
    expect(world.observer.last?.firing).toMatchObject([
      { subject: { kind: 'Pod' }, candidates: [{ kind: 'Deployment', name: 'web' }] },
    ]);
    expect(world.observer.last).toMatchObject({ selected: 1, unhealthy: 1 });
  });

  test('whatever order the objects are heard of in', async () => {
    await world.start(policy('p', { selector: own }));
    await world.put(pod('web-1-a', crashed));
    expect(world.fired).toEqual([]);
    await world.put(deployment);
    expect(world.fired).toEqual([]);
    await world.put(replicaSet);
    expect(world.fired).toEqual(['crash Pod web-1-a']);
  });

  test('labels that change on the Deployment', async () => {
    await world.start(
      policy('p', { selector: { ...own, labelSelector: { matchLabels: { app: 'web' } } } }),
      deployment,
      replicaSet,
      pod('web-1-a', crashed),
    );
    expect(world.fired).toEqual(['crash Pod web-1-a']);
    await world.put({ ...deployment, metadata: { ...deployment.metadata, labels: { app: 'other' } } });
    expect(world.fired).toEqual([]);
    expect(world.observer.last).toMatchObject({ selected: 0 });
  });

  test('a Deployment that is deleted before its Pods', async () => {
    await world.start(policy('p', { selector: own }), deployment, replicaSet, pod('web-1-a', crashed));
    await world.delete('Deployment', 'web');
    expect(world.fired).toEqual([]);
  });

  test('not the Pods of another namespace, whatever the policy says', async () => {
    const elsewhere = podOf([crashed], {}, { name: 'x', uid: 'x', namespace: 'bank' });
    await world.start(policy('p', { selector: { namespaces: ['shop', 'bank'] } }), elsewhere, pod('a', crashed));
    expect(world.fired).toEqual(['crash Pod a']);
  });

  test('a Deployment for its own conditions, and not once more its ReplicaSet', async () => {
    const triggers = [{ type: 'condition' as const, conditionTrigger: { type: 'ReplicaFailure', duration: '0s' } }];
    const failing = (of: KubeObject) => ({
      ...of,
      status: { observedGeneration: 1, conditions: [condition('ReplicaFailure', 'True', 5)] },
    });
    await world.start(policy('p', { selector: own, triggers }), failing(deployment), failing(replicaSet));
    expect(world.fired).toEqual(['condition-1 Deployment web']);
  });

  test('each policy for itself', async () => {
    const image = { type: 'condition' as const, conditionTrigger: { type: 'ErrImagePull', duration: '0s' } };
    await world.start(
      policy('crashes'),
      policy('images', { triggers: [image] }),
      pod('a', crashed),
      pod('b', container(0, waiting('ErrImagePull'))),
    );
    const byPolicy = Object.fromEntries(
      world.observer.observations.map((each) => [each.policy.name, each.firing.map(({ subject }) => subject.name)]),
    );
    expect(byPolicy).toEqual({ crashes: ['a'], images: ['b'] });
  });

  test('a trigger that is not honoured keeps no other from working', async () => {
    const metric = { type: 'metric' as const, query: 'up', threshold: 1 };
    const broken = { type: 'condition' as const, conditionTrigger: { type: 'Ready', duration: 'soon' } };
    await world.start(policy('p', { triggers: [metric, broken, ...policy('p').spec.triggers] }), pod('a', crashed));
    expect(world.fired).toEqual(['crash Pod a']);
  });
});

describe('policies', () => {
  test('an edit is judged anew and told at once', async () => {
    await world.start(policy('p'), pod('a', crashed));
    await world.put(policy('p', { triggers: [] }, { generation: 2 }));
    expect(world.observer.last).toMatchObject({ policyGeneration: 2, firing: [] });
    await world.put(policy('p', {}, { generation: 3 }));
    expect(world.fired).toEqual(['crash Pod a']);
  });

  test('an edit that changes nothing of what is true is told all the same', async () => {
    await world.start(policy('p'), pod('a', crashed));
    await world.put(policy('p', { mode: 'automatic' }, { generation: 2 }));
    expect(
      world.observer.observations.map(({ policyGeneration, firing }) => [policyGeneration, firing.length]),
    ).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  test('a change of its status only is no edit', async () => {
    await world.start(policy('p'), pod('a', crashed));
    await world.put({ ...policy('p'), status: { observedGeneration: 1 } } as KubeObject);
    expect(world.observer.observations).toHaveLength(1);
    expect(world.detector.figures.evaluations).toBe(1);
  });

  test('one that is being deleted is over, even if something holds its object', async () => {
    await world.start(policy('p'));
    await world.put(policy('p', {}, { deletionTimestamp: at(10) }), pod('a', crashed));
    expect(world.observer.deleted).toHaveLength(1);
    expect(world.observer.observations).toHaveLength(1);
  });

  test('a deleted one is told to its workflow, once nothing is under way', async () => {
    await world.start(policy('p'), pod('a', healthy));
    const release = world.observer.hold();
    await world.put(pod('a', crashed));
    await world.delete('hp', 'p');
    expect(world.observer.deleted).toEqual([]);
    release();
    await turn();
    expect(world.observer.deleted).toEqual([{ namespace: 'shop', name: 'p', uid: 'uid-hp-p' }]);
    const told = world.observer.observations.length;
    await world.put(pod('a', healthy), pod('b', crashed));
    await world.clock.advance(120_000);
    expect(world.observer.observations).toHaveLength(told);
  });

  test('its end is told until it is heard', async () => {
    await world.start(policy('p'));
    world.observer.refuse = 3;
    world.cluster.delete(uidOf('hp', 'p'));
    for (let tries = 0; tries < 10; tries += 1) await turn();
    expect(world.observer.deleted).toHaveLength(1);
  });

  test('one that is made anew under its name is another one', async () => {
    await world.start(policy('p'), pod('a', crashed));
    world.cluster.delete(uidOf('hp', 'p'));
    await world.put(policy('p', {}, { uid: 'another' }));
    expect(world.observer.deleted).toHaveLength(1);
    expect(world.observer.last?.policy.uid).toBe('another');
    expect(world.fired).toEqual(['crash Pod a']);
  });
});
