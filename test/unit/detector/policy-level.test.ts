import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Trigger } from '../../../src/api/healing-policy.ts';
import { Inventory } from '../../../src/detector/inventory.ts';
import { PolicyLevel } from '../../../src/detector/policy-level.ts';
import { projectPod, projectWorkload, type Observed, type ObservedPolicy } from '../../../src/detector/project.ts';
import { object } from '../../support/objects.ts';
import { condition, container, ms, podOf, running, terminated, waiting } from '../../support/pods.ts';

const trigger = (type: string, status: 'True' | 'False' = 'True', duration = '0s'): Trigger => ({
  type: 'condition',
  conditionTrigger: { type, status, duration },
});
const policy = (spec: Partial<ObservedPolicy['spec']>, generation = 1): ObservedPolicy => ({
  metadata: { name: 'p', namespace: 'shop', uid: 'uid-p', resourceVersion: '1', generation },
  spec: { selector: {}, triggers: [trigger('CrashLoopBackOff')], actions: [], ...spec },
});
const pod = (name: string, crashedAt: number | undefined): Observed =>
  projectPod(
    podOf(
      [
        crashedAt === undefined
          ? container(0, running(0))
          : container(1, terminated(crashedAt - 1, crashedAt), terminated(0, 1)),
      ],
      {},
      { name, uid: name },
    ),
  );
const names = (level: PolicyLevel): string[] => level.observation(0).firing.map(({ subject }) => subject.name);

describe('an observation', () => {
  test('carries 200 firings, the oldest first, and counts the others', () => {
    const level = new PolicyLevel(policy({}));
    for (let index = 0; index < 250; index += 1)
      level.evaluate(pod(`p${index}`, 1_000 - index), [pod(`p${index}`, 1)], ms(1_001));
    const { firing, overflow, selected, unhealthy } = level.observation(0);
    expect({ sent: firing.length, overflow, selected, unhealthy }).toEqual({
      sent: 200,
      overflow: 50,
      selected: 250,
      unhealthy: 250,
    });
    expect(firing[0]).toMatchObject({ subject: { name: 'p249' }, since: '2026-11-25T08:12:31.000Z' });
    expect(firing[199]).toMatchObject({ subject: { name: 'p50' } });
  });

  test('counts an object once, however many triggers are true of it', () => {
    const level = new PolicyLevel(policy({ triggers: [trigger('CrashLoopBackOff'), trigger('Ready', 'False')] }));
    const both = projectPod(
      podOf([container(1, terminated(5, 8), terminated(1, 4))], { conditions: [condition('Ready', 'False', 5)] }),
    );
    level.evaluate(both, [both], ms(10));
    expect(level.observation(0)).toMatchObject({
      unhealthy: 1,
      selected: 1,
      firing: [{ trigger: 'condition-2' }, { trigger: 'condition-1' }],
    });
  });
});

describe('a change', () => {
  const level = (): PolicyLevel => new PolicyLevel(policy({}));

  test('is another set of firings, not new evidence for the same', () => {
    const under = level();
    const change = (crashedAt: number | undefined): boolean =>
      under.evaluate(pod('a', crashedAt), [pod('a', 1)], ms(100)).changed;
    expect([change(undefined), change(50), change(50), change(60), change(undefined), change(undefined)]).toEqual([
      false,
      true,
      false,
      false,
      true,
      false,
    ]);
  });

  test('is also that someone else may be acted upon', () => {
    const under = new PolicyLevel(
      policy({
        selector: {
          resources: [
            { apiVersion: 'v1', kind: 'Pod' },
            { apiVersion: 'apps/v1', kind: 'Deployment' },
          ],
        },
      }),
    );
    const crashed = pod('a', 50);
    const deployment = projectWorkload({ apiVersion: 'apps/v1', kind: 'Deployment' })(object('Deployment', 'web'));
    expect(under.evaluate(crashed, [crashed], ms(60)).changed).toBe(true);
    expect(under.evaluate(crashed, [crashed, deployment], ms(60)).changed).toBe(true);
    expect(under.evaluate(crashed, [crashed, deployment], ms(60)).changed).toBe(false);
  });

  test('an object that is forgotten leaves nothing behind', () => {
    const under = level();
    under.evaluate(pod('a', 50), [pod('a', 50)], ms(60));
    expect(under.forget('a')).toBe(true);
    expect(under.forget('a')).toBe(false);
    expect(under.observation(0)).toMatchObject({ firing: [], selected: 0, unhealthy: 0 });
  });
});

test('only triggers that can be true of its kind are asked of an object', () => {
  const level = new PolicyLevel(
    policy({ triggers: [trigger('CrashLoopBackOff'), trigger('Progressing'), trigger('Ready')] }),
  );
  expect(level.evaluate(pod('a', 50), [pod('a', 50)], ms(60)).evaluations).toBe(2);
});

test('faulty triggers are named, and only those', () => {
  const level = new PolicyLevel(
    policy({
      triggers: [
        { name: 'odd', ...trigger('Ready', 'True', 'soon') },
        { type: 'metric', query: 'up', threshold: 1 },
        trigger('Ready'),
      ],
    }),
  );
  expect(level.faultyTriggers).toEqual([expect.stringMatching(/^trigger odd: "soon" is not a duration/)]);
});

test('after an edit, what was seen counts for triggers that stay, and first sight for those that are new', () => {
  const image = trigger('ErrImagePull', 'True', '1m');
  const waits = (reason: string): Observed =>
    projectPod(
      podOf(
        [container(0, waiting(reason))],
        { phase: 'Pending', conditions: [condition('ContainersReady', 'False', 0)] },
        { name: 'a', uid: 'a' },
      ),
    );
  const before = new PolicyLevel(policy({ triggers: [image] }));
  before.evaluate(waits('ContainerCreating'), [waits('ContainerCreating')], ms(200));
  before.evaluate(waits('ErrImagePull'), [waits('ErrImagePull')], ms(210));
  const after = new PolicyLevel(
    policy({ triggers: [{ ...image, cooldownPeriod: '1h' }, trigger('ErrImagePull')] }, 2),
    before,
  );
  const { recheckAfterMs } = after.evaluate(waits('ErrImagePull'), [waits('ErrImagePull')], ms(230));
  expect(recheckAfterMs).toBe(40_000); // the minute began when it was first seen to wait
  expect(after.observation(0).firing).toMatchObject([{ trigger: 'condition-2', since: '2026-11-25T08:00:00.000Z' }]);
});

test('the level does not depend on the order in which objects and their owners are heard of', () => {
  const deployment = projectWorkload({ apiVersion: 'apps/v1', kind: 'Deployment' })(
    object('Deployment', 'web', { labels: { app: 'web' } }),
  );
  const replicaSet = projectWorkload({ apiVersion: 'apps/v1', kind: 'ReplicaSet' })(
    object('ReplicaSet', 'web-1', { owner: deployment }),
  );
  const owned = (name: string, crashedAt: number | undefined): Observed => {
    const plain = pod(name, crashedAt);
    return {
      ...plain,
      metadata: {
        ...plain.metadata,
        ownerReferences: object('Pod', name, { owner: replicaSet }).metadata.ownerReferences ?? [],
      },
    };
  };
  const selector = { resources: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] };
  const everything = [deployment, replicaSet, owned('a', 10), owned('b', undefined), owned('c', 12), pod('stray', 11)];
  fc.assert(
    fc.property(fc.shuffledSubarray(everything, { minLength: everything.length }), (order) => {
      const inventory = new Inventory<Observed>();
      const level = new PolicyLevel(policy({ selector }));
      for (const each of order) {
        inventory.put(each);
        for (const one of [each, ...inventory.below(each.metadata.uid)])
          level.evaluate(one, inventory.chainOf(one), ms(20));
      }
      expect(names(level)).toEqual(['a', 'c']);
    }),
  );
});
