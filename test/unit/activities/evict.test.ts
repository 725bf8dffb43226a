import { beforeEach, describe, expect, test } from '@jest/globals';
import { markerKey } from '../../../src/api/constants.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import type { Pod } from '../../../src/api/workloads.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, raise, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;
let pod: Pod;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
  pod = world.pods('cart')[0]!;
  action = world.action({ targetResource: { apiVersion: 'v1', kind: 'Pod', name: pod.metadata.name } });
  await accepted(world, action);
});

const gone = (): boolean => world.api.find(at('Pod', pod.metadata.name)) === undefined;
const evictions = () => world.cluster.seen.filter(({ write }) => write.type === 'evict');
const claim = () => world.the(action).status?.claim;

describe('a restart of a pod', () => {
  test('marks the pod, then evicts exactly the version that it has marked', async () => {
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(gone()).toBe(true);
    expect(world.pods('cart')).toHaveLength(2);
    expect(world.cluster.seen.map(({ write, effect }) => [write.type, effect])).toEqual([
      ['patch', false],
      ['evict', true],
    ]);
    const [evicted] = evictions();
    expect(evicted?.write).toMatchObject({ uid: pod.metadata.uid, resourceVersion: expect.any(String) });
  });

  test('is not starved by a status that is written between any two requests', async () => {
    let writes = 0;
    world.cluster.fault = ({ type }) => {
      if (type !== 'evict' || writes === 10) return undefined;
      writes += 1;
      world.api.edit(at('Pod', pod.metadata.name), (object) => ({ ...object, status: { message: `write ${writes}` } }));
      return undefined;
    };
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(gone()).toBe(true);
    expect(world.cluster.seen.filter(({ effect }) => effect)).toHaveLength(1);
  });

  test.each([
    ['a protection mark', { annotations: { 'kubeskippy.io/protected': 'true' } }],
    ['a newer fence', { annotations: { 'kubeskippy.io/fence': 'raised' } }],
    ['another label', { labels: { app: 'other' } }],
  ])('does not follow a pod that got %s to its newest version', async (_what, change) => {
    world.cluster.fault = ({ type }) => {
      if (type === 'evict')
        world.api.edit(at('Pod', pod.metadata.name), ({ metadata, ...object }) => ({
          ...object,
          metadata: {
            ...metadata,
            labels: { ...metadata.labels, ...('labels' in change ? change.labels : {}) },
            annotations: { ...metadata.annotations, ...('annotations' in change ? change.annotations : {}) },
          },
        }));
      return undefined;
    };
    expect(await tryEffect(world, action)).toMatchObject({ result: 'conflict' });
    expect(gone()).toBe(false);
    expect(evictions()).toHaveLength(1);
  });

  test('names its steps apart in the audit log of the API server', async () => {
    await tryEffect(world, action, {}, { auditId: 'ks/1' });
    expect(world.cluster.seen.map(({ options }) => options.auditId)).toEqual(['ks/1/claim', 'ks/1']);
  });

  test('whose answer was lost is found done by the pod that is gone', async () => {
    world.cluster.fault = ({ type }) => (type === 'evict' ? 'answer lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(evictions()).toHaveLength(1);
  });

  test('whose eviction was lost takes the mark for a claim only, and evicts once', async () => {
    world.cluster.fault = ({ type }) => (type === 'evict' ? 'lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    expect(world.api.get(at('Pod', pod.metadata.name)).metadata.annotations).toEqual({
      [markerKey(action.uid)]: 'execute-1',
    });

    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(gone()).toBe(true);
    // The second claim changes nothing; it tells the version to be evicted.
    expect(world.cluster.seen.map(({ write }) => write.type)).toEqual(['patch', 'patch', 'evict']);
  });

  test('of a pod that is being deleted when a later attempt looks is found done', async () => {
    world.cluster.fault = ({ type }) => (type === 'evict' ? 'lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    world.api.edit(at('Pod', pod.metadata.name), (object) => ({
      ...object,
      metadata: { ...object.metadata, finalizers: ['a/b'], deletionTimestamp: '2026-01-01T00:00:00Z' },
    }));
    expect(await tryEffect(world, action)).toMatchObject({ result: 'executed' });
    expect(evictions()).toHaveLength(0);
  });

  test('is not taken for done because the controller of the pod cannot be found', async () => {
    world.cluster.fault = () => 'lost';
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    world.api.edit(at('Pod', pod.metadata.name), (object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        ownerReferences: [{ apiVersion: 'x.org/v1', kind: 'Thing', name: 'x', uid: 'x', controller: true }],
      },
    }));
    expect(await tryEffect(world, action)).toMatchObject({ result: 'ended', outcome: { reason: 'Refused' } });
    expect(gone()).toBe(false);
  });

  test('of a pod that somebody else deletes first is cancelled, not claimed as ours', async () => {
    world.cluster.meanwhile = ({ type }) => {
      if (type === 'patch') world.api.delete(at('Pod', pod.metadata.name));
    };
    expect(await tryEffect(world, action)).toMatchObject({ result: 'ended', outcome: { reason: 'TargetGone' } });
    expect(claim()).toBeUndefined();
    expect(evictions()).toHaveLength(0);
  });

  test('is blocked by a budget, gives its claim back, and is done when there is room', async () => {
    world.cluster.budget = 'it would violate the budget';
    expect(await tryEffect(world, action)).toEqual({ result: 'blocked', message: 'it would violate the budget' });
    expect(claim()).toBeUndefined();
    expect(gone()).toBe(false);

    world.cluster.budget = undefined;
    expect(await tryEffect(world, action, { tries: 2 })).toMatchObject({ result: 'executed' });
    expect(world.the(action).status?.attempts).toBe(2);
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('claims anew for every try, but raises its number only when an operator says so', async () => {
    world.cluster.budget = 'no';
    await tryEffect(world, action);
    world.cluster.budget = undefined;
    world.cluster.fault = ({ type }) => (type === 'evict' ? 'lost' : undefined);
    await expect(tryEffect(world, action, { tries: 2 })).rejects.toThrow();
    expect(claim()).toMatchObject({ attempt: 1 });
    expect(world.the(action).status?.attempts).toBe(2);
  });

  test('asks whether the budget permits it in a dry run', async () => {
    world.settings.dryRun = true;
    world.cluster.budget = 'it would violate the budget';
    expect(await tryEffect(world, action)).toMatchObject({ result: 'ended', outcome: { reason: 'Refused' } });
    expect(gone()).toBe(false);
  });
});

describe('a fence around a pod', () => {
  test('stops an eviction that still sleeps', async () => {
    const gate = Promise.withResolvers<undefined>();
    const asleep = Promise.withResolvers<undefined>();
    world.cluster.meanwhile = async ({ type }) => {
      if (type !== 'evict') return;
      asleep.resolve(undefined);
      await gate.promise;
    };
    const slow = tryEffect(world, action);
    await asleep.promise;
    expect(await raise(world, action)).toEqual({ result: 'clear' });
    gate.resolve(undefined);
    expect(await slow).toMatchObject({ result: 'conflict' });
    expect(gone()).toBe(false);
  });

  test('finds the eviction that came first', async () => {
    world.cluster.fault = ({ type }) => (type === 'evict' ? 'answer lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    expect(await raise(world, action)).toMatchObject({ result: 'executed' });
    expect(world.the(action).status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Executed', status: 'True' }),
    );
  });

  test('that is refused proves nothing, for an eviction changes no annotation', async () => {
    world.cluster.fault = ({ type }) => (type === 'evict' ? 'lost' : undefined);
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.refusal = 'denied by admission';
    expect(await raise(world, action)).toMatchObject({ result: 'unknown' });
    expect(claim()).toBeDefined();
  });
});
