import { beforeEach, describe, expect, test } from '@jest/globals';
import { markerKey } from '../../../src/api/constants.ts';
import type { ActionTemplate } from '../../../src/api/healing-action.ts';
import type { Pod } from '../../../src/api/workloads.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, raise, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;
let before: readonly Pod[];

const open = (
  restartAction: NonNullable<ActionTemplate['restartAction']> = { strategy: 'graceful', maxConcurrent: 1 },
): void => {
  world = new MemoryWorld();
  world.deploy('cart', { replicas: 3 });
  const template = { name: 'again', type: 'restart', restartAction } as const;
  world.policy({ actions: [template] });
  before = world.pods('cart');
  action = world.action({ action: template });
};
beforeEach(async () => {
  open();
  await accepted(world, action);
});

const evictions = (): readonly string[] =>
  world.cluster.effects.flatMap(({ write }) => (write.type === 'evict' ? [write.uid] : []));
const left = (): readonly Pod[] =>
  world.pods('cart').filter(({ metadata }) => before.some((pod) => pod.metadata.uid === metadata.uid));
const claim = () => world.the(action).status?.claim;
/** Until it does not go on at once. */
const goOn = async () => {
  for (;;) {
    const tried = await tryEffect(world, action);
    if (tried.result !== 'continues' || tried.message.includes('yet')) return tried;
  }
};
/** What is deleted stays for a while. */
const linger = (): void => {
  for (const { metadata } of world.pods('cart'))
    world.api.edit(at('Pod', metadata.name), (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, finalizers: ['a/slow-end'] },
    }));
};
const depart = (uid: string | undefined): void => {
  const name = before.find((pod) => pod.metadata.uid === uid)?.metadata.name ?? '';
  world.api.edit(at('Pod', name), (pod) => ({ ...pod, metadata: { ...pod.metadata, finalizers: [] } }));
};

describe('a graceful restart', () => {
  test('evicts every pod that was there, each once, and no other', async () => {
    expect(await tryEffect(world, action)).toMatchObject({ result: 'continues', retryAfterMs: 1_000 });
    expect(evictions()).toHaveLength(1);
    expect(await goOn()).toMatchObject({ result: 'executed', changed: true });
    expect(evictions().toSorted()).toEqual(before.map(({ metadata }) => metadata.uid).toSorted());
    expect(world.pods('cart')).toHaveLength(3);
    expect(world.the(action).status).toMatchObject({ attempts: 1, result: { changes: [{ field: 'pods' }] } });
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(evictions()).toHaveLength(3);
  });

  test('waits until the one before is gone', async () => {
    linger();
    await tryEffect(world, action);
    const [first] = evictions();
    expect(await tryEffect(world, action)).toMatchObject({
      result: 'continues',
      message: '1 of 3 pods are evicted; 1 not replaced and Ready yet, at most 1 may be',
    });
    expect(evictions()).toHaveLength(1);
    depart(first);
    await tryEffect(world, action);
    expect(evictions()).toHaveLength(2);
  });

  test('waits until the one before is replaced and Ready', async () => {
    world.badImages.add('web:1'); // the next ones do not become Ready
    await tryEffect(world, action);
    expect(await tryEffect(world, action)).toMatchObject({
      result: 'continues',
      message: expect.stringMatching(/1 of 3/),
    });
    expect(evictions()).toHaveLength(1);
  });

  test('goes on with the rest after a crash, whatever was lost', async () => {
    world.cluster.fault = ({ type }) => (type === 'evict' ? 'answer lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = ({ type }) => (type === 'evict' ? 'lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    expect(await goOn()).toMatchObject({ result: 'executed' });
    expect(evictions().toSorted()).toEqual(before.map(({ metadata }) => metadata.uid).toSorted());
  });

  test('looks at the pods once before each, and at what was before it only once', async () => {
    const listed: string[] = [];
    const list = world.cluster.list.bind(world.cluster);
    world.cluster.list = async (of, labels) => {
      listed.push(of.kind);
      return list(of, labels);
    };
    await tryEffect(world, action);
    expect(listed.toSorted()).toEqual(['Deployment', 'Pod', 'Pod', 'ReplicaSet', 'ReplicaSet']);
    listed.length = 0;
    await tryEffect(world, action);
    expect(listed.toSorted()).toEqual(['Pod', 'ReplicaSet']);
    expect(evictions()).toHaveLength(2);
  });

  test('claims on the pod, so that the workload itself is not written', async () => {
    const deployment = world.deployment('cart');
    await goOn();
    const { metadata, spec } = world.deployment('cart');
    expect([metadata.annotations, spec]).toEqual([deployment.metadata.annotations, deployment.spec]);
    expect(world.cluster.seen.map(({ write }) => write.target.kind)).toEqual(Array(6).fill('Pod'));
  });

  test('leaves out what got protected since, and does not take it for done', async () => {
    const [kept] = left();
    world.label('Pod', kept?.metadata.name ?? '', 'kubeskippy.io/protected', 'true');
    expect(await goOn()).toMatchObject({ result: 'executed' });
    expect(left().map(({ metadata }) => metadata.uid)).toEqual([kept?.metadata.uid]);
  });

  test('stops before a pod that the policy has begun to protect', async () => {
    const [, kept] = left();
    await tryEffect(world, action);
    world.editPolicy((spec) => ({
      ...spec,
      safetyRules: {
        protectedResources: [{ apiVersion: 'v1', kind: 'Pod', excludeNames: [kept?.metadata.name ?? ''] }],
      },
    }));
    expect(await goOn()).toMatchObject({
      result: 'ended',
      outcome: { reason: 'NeedsHuman', message: expect.stringMatching(/1 of 3 pods/) },
    });
    expect(left()).toHaveLength(2);
  });

  test('waits for a rollout that somebody else began in the middle, and leaves its pods alone', async () => {
    linger();
    await tryEffect(world, action);
    world.rollOut('cart', 'web:2');
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' }); // the old ones are all on their way out
    expect(evictions()).toHaveLength(1);
  });

  test('of a template that was changed before the first is planned anew', async () => {
    world.editTemplate('cart', (template) => ({
      ...template,
      metadata: { ...template.metadata, annotations: { a: 'b' } },
    }));
    expect(await tryEffect(world, action)).toMatchObject({ result: 'drifted' });
    expect(claim()).toBeUndefined();
  });

  test('takes a full budget for the end of a try at first, and for a pause in the middle', async () => {
    world.cluster.budget = 'it would violate the budget';
    expect(await tryEffect(world, action)).toMatchObject({ result: 'blocked' });
    expect(claim()).toBeUndefined();
    world.cluster.budget = undefined;
    await tryEffect(world, action);
    world.cluster.budget = 'it would violate the budget';
    expect(await tryEffect(world, action)).toMatchObject({
      result: 'continues',
      message: '1 of 3 pods are evicted; it would violate the budget',
      retryAfterMs: 5_000,
    });
    expect(evictions()).toHaveLength(1);
    world.cluster.budget = undefined;
    expect(await goOn()).toMatchObject({ result: 'executed' });
  });

  test('goes on although the time to begin it is over', async () => {
    world.editAction(action, (object) => ({
      ...object,
      spec: { ...object.spec, expiresAt: new Date(Date.now() + 60_000).toISOString() },
    }));
    await tryEffect(world, action);
    world.editAction(action, (object) => ({
      ...object,
      spec: { ...object.spec, expiresAt: new Date(Date.now() - 1).toISOString() },
    }));
    expect(await goOn()).toMatchObject({ result: 'executed' });
  });

  test('is rehearsed on its first pod, and changes nothing', async () => {
    world.settings.dryRun = true;
    const pods = world.pods('cart');
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed', changed: false });
    expect(world.pods('cart')).toEqual(pods);
    expect(world.cluster.seen.map(({ options }) => options.dryRun)).toEqual([true, true]);
  });
});

test('a rehearsal whose pod goes in this moment looks again', async () => {
  world.settings.dryRun = true;
  let first = true;
  world.cluster.meanwhile = ({ target }) => {
    if (first) world.api.delete(at('Pod', target.name));
    first = false;
  };
  expect(await tryEffect(world, action)).toMatchObject({
    result: 'conflict',
    message: expect.stringMatching(/Pod .* no longer exists/),
  });
  expect(await tryEffect(world, action)).toMatchObject({ result: 'executed', changed: false });
});

describe('recreate', () => {
  beforeEach(async () => {
    open({ strategy: 'recreate', maxConcurrent: 2, gracePeriodSeconds: 7 });
    await accepted(world, action);
  });

  test('does not wait for Ready, but for the end of those before', async () => {
    world.badImages.add('web:1');
    linger();
    expect(await tryEffect(world, action)).toMatchObject({ result: 'continues', retryAfterMs: 0 });
    expect(await tryEffect(world, action)).toMatchObject({ result: 'continues', retryAfterMs: 1_000 });
    expect(await tryEffect(world, action)).toMatchObject({
      result: 'continues',
      message: expect.stringMatching(/2 not gone yet/),
    });
    expect(evictions()).toHaveLength(2);
    depart(evictions()[0]);
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(evictions()).toHaveLength(3);
    expect(world.cluster.effects.map(({ write }) => write)).toEqual(
      Array(3).fill(expect.objectContaining({ gracePeriodSeconds: 7 })),
    );
  });
});

describe('a fence around the pods of a restart', () => {
  /** An attempt that sleeps before it sends this. */
  const sleepBefore = async (type: 'patch' | 'evict') => {
    const gate = Promise.withResolvers<undefined>();
    const asleep = Promise.withResolvers<undefined>();
    let first = true;
    world.cluster.meanwhile = async (write) => {
      if (write.type !== type || !first) return;
      first = false;
      asleep.resolve(undefined);
      await gate.promise;
    };
    const slow = tryEffect(world, action);
    await asleep.promise;
    return {
      wake: () => {
        gate.resolve(undefined);
        return slow;
      },
    };
  };

  test.each(['patch', 'evict'] as const)('stops a sleeper before its first %s', async (type) => {
    const sleeper = await sleepBefore(type);
    expect(await raise(world, action)).toEqual({ result: 'clear' });
    expect(await sleeper.wake()).toMatchObject({ result: 'conflict' });
    expect(evictions()).toEqual([]);
    expect(claim()).toBeUndefined();
  });

  test.each(['patch', 'evict'] as const)(
    'stops a sleeper before its second %s, and says how far it got',
    async (type) => {
      await tryEffect(world, action);
      const sleeper = await sleepBefore(type);
      expect(await raise(world, action)).toMatchObject({
        result: 'unknown',
        message: expect.stringContaining('given up in the middle, 1 of 3 pods are evicted'),
      });
      expect(await sleeper.wake()).toMatchObject({ result: 'conflict' });
      expect(evictions()).toHaveLength(1);
    },
  );

  test('finds the restart that is complete', async () => {
    await tryEffect(world, action);
    await tryEffect(world, action);
    world.cluster.fault = ({ type }) => (type === 'evict' ? 'answer lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    expect(await raise(world, action)).toMatchObject({ result: 'executed' });
  });

  test('that is refused proves nothing', async () => {
    world.cluster.fault = ({ type }) => (type === 'evict' ? 'lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    expect(world.api.get(at('Pod', before[0]?.metadata.name ?? '')).metadata.annotations).toHaveProperty([
      markerKey(action.uid),
    ]);
    world.cluster.refusal = 'denied by admission';
    expect(await raise(world, action)).toMatchObject({
      result: 'unknown',
      message: expect.stringMatching(/cannot be stopped/),
    });
  });
});
