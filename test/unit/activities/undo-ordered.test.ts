import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Pod, StatefulSet } from '../../../src/api/workloads.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, raise, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;

const set = (): StatefulSet => world.api.get(at('StatefulSet', 'db')) as StatefulSet;
const images = (): unknown[] =>
  (world.api.list('Pod', 'shop', { app: 'db' }) as Pod[]).map(({ spec }) => spec.containers[0]?.image);
const untilDone = async (): Promise<string> => {
  for (let tries = 0; tries < 10; tries++) {
    const { result } = await tryEffect(world, action).catch(() => ({ result: 'lost' }));
    world.cluster.fault = () => undefined;
    if (result !== 'continues' && result !== 'lost') return result;
  }
  return 'never';
};
const evictions = (): number => world.cluster.effects.filter(({ write }) => write.type === 'evict').length;

/** Its rollout stands at the last pod, which never becomes Ready. */
beforeEach(async () => {
  world = new MemoryWorld();
  world.createWorkload('StatefulSet', 'db', { replicas: 3 });
  world.rollOut('db', 'broken:2', 'StatefulSet');
  world.policy({ selector: { resources: [{ apiVersion: 'apps/v1', kind: 'StatefulSet' }] } });
  action = world.action({
    targetResource: { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db' },
    action: { name: 'back', type: 'undo' },
  });
  await accepted(world, action);
});

describe('an undo of a StatefulSet that stands at a broken pod', () => {
  test('says in its plan that the pod goes as well', () => {
    expect(images()).toEqual(['web:1', 'web:1', 'broken:2']);
    expect(world.the(action).status?.plan?.summary).toContain('evict its pods of other revisions that are not Ready');
  });

  test('puts the template back, then evicts the pod that its controller waits for, and no other', async () => {
    const kept = (world.api.list('Pod', 'shop') as Pod[]).slice(0, 2).map(({ metadata }) => metadata.uid);
    expect((await tryEffect(world, action)).result).toBe('continues');
    expect(images()).toContain('broken:2'); // the controller waits
    expect(await untilDone()).toBe('executed');
    expect(images()).toEqual(['web:1', 'web:1', 'web:1']);
    expect((world.api.list('Pod', 'shop') as Pod[]).map(({ metadata }) => metadata.uid)).toEqual(
      expect.arrayContaining(kept),
    );
    expect(evictions()).toBe(1);
    expect(world.the(action).status?.result?.changes).toMatchObject([
      { field: 'spec.template' },
      { field: 'pod db-2', newValue: 'evicted' },
    ]);
  });

  test.each(['lost', 'answer lost'] as const)('does each part once when a write or its answer is %s', async (fault) => {
    for (const type of ['patch', 'evict']) {
      world.cluster.fault = (write) => (write.type === type ? fault : undefined);
      await tryEffect(world, action).catch(() => undefined);
      world.cluster.fault = () => undefined;
    }
    expect(await untilDone()).toBe('executed');
    expect(evictions()).toBe(1);
    expect(world.cluster.effects.filter(({ write }) => write.type === 'patch')).toHaveLength(1);
    expect(images()).toEqual(['web:1', 'web:1', 'web:1']);
  });

  test('waits while a budget forbids the eviction', async () => {
    world.cluster.budget = 'no disruption allowed';
    await tryEffect(world, action);
    expect(await tryEffect(world, action)).toMatchObject({ result: 'continues' });
    expect(evictions()).toBe(0);
    world.cluster.budget = undefined;
    expect(await untilDone()).toBe('executed');
  });

  test('leaves a protected pod, and says so', async () => {
    await tryEffect(world, action);
    world.label('Pod', 'db-2', 'kubeskippy.io/protected', 'true');
    expect(await tryEffect(world, action)).toMatchObject({
      result: 'ended',
      outcome: { reason: 'NeedsHuman', message: expect.stringContaining('db-2 still to be evicted') },
    });
    expect(evictions()).toBe(0);
    expect(images()).toContain('broken:2');
  });

  test('stops a sleeping eviction when it is given up', async () => {
    await tryEffect(world, action);
    const gate = Promise.withResolvers<undefined>();
    const asleep = Promise.withResolvers<undefined>();
    world.cluster.meanwhile = async (write) => {
      if (write.type !== 'evict') return;
      world.cluster.meanwhile = () => undefined;
      asleep.resolve(undefined);
      await gate.promise;
    };
    const slow = tryEffect(world, action);
    await asleep.promise;
    expect(await raise(world, action)).toMatchObject({
      result: 'unknown',
      message: expect.stringContaining('db-2 still to be evicted'),
    });
    gate.resolve(undefined);
    expect((await slow).result).not.toBe('executed');
    expect(evictions()).toBe(0);
  });

  test('has one part only when somebody has seen to the pod already, or the pods do not wait for each other', async () => {
    world.api.edit(at('StatefulSet', 'db'), (object) => ({
      ...object,
      spec: { ...(object as StatefulSet).spec, podManagementPolicy: 'Parallel' },
    }));
    await accepted(world, action);
    expect(world.the(action).status?.plan?.summary).not.toContain('evict');
    expect((await tryEffect(world, action)).result).toBe('executed');
    expect(set().spec.template.spec.containers[0]?.image).toBe('web:1');
    expect(evictions()).toBe(0);
  });
});
