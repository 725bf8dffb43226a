import { beforeEach, describe, expect, test } from '@jest/globals';
import { KEYS } from '../../../src/api/constants.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { at, type MemoryWorld } from '../../support/memory-world.ts';
import { acceptedOnCart, raise, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;

beforeEach(async () => {
  ({ world, action } = await acceptedOnCart());
});

const fenceOf = (): string | undefined => world.deployment('cart').metadata.annotations?.[KEYS.fence];
const claim = () => world.the(action).status?.claim;
/** An attempt that has claimed the effect, and of which nothing more is known. */
const brokenOff = async (fault: 'lost' | 'answer lost'): Promise<void> => {
  world.cluster.fault = () => fault;
  await expect(tryEffect(world, action)).rejects.toThrow();
  world.cluster.fault = () => undefined;
};

describe('a fence', () => {
  test('is not needed when nothing was claimed', async () => {
    expect(await raise(world, action)).toEqual({ result: 'clear' });
    expect(world.cluster.seen).toEqual([]);
  });

  test('says that nothing happened, gives the claim back, and changes annotations only', async () => {
    await brokenOff('lost');
    expect(await raise(world, action)).toEqual({ result: 'clear' });
    expect(fenceOf()).toBeDefined();
    expect(world.cluster.effects).toHaveLength(0);
    expect(claim()).toBeUndefined();
  });

  test('is another each time: who has seen the first is stopped by the second', async () => {
    await brokenOff('lost');
    await raise(world, action);
    const first = fenceOf();
    await brokenOff('lost');
    await raise(world, action);
    expect(fenceOf()).not.toBe(first);
  });

  test('finds the effect that is there after all, and records it', async () => {
    await brokenOff('answer lost');
    const { generation } = world.deployment('cart').metadata;
    expect(await raise(world, action)).toMatchObject({ result: 'executed', baseline: { generation, available: 2 } });
    expect(await raise(world, action)).toMatchObject({ result: 'executed', baseline: { generation, available: 2 } });
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('finds the effect that comes in the very moment in which it is raised', async () => {
    await brokenOff('lost');
    let first = true;
    world.cluster.meanwhile = async () => {
      if (!first) return;
      first = false;
      await tryEffect(world, action);
    };
    expect(await raise(world, action)).toMatchObject({ result: 'executed' });
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('cannot tell what happened to a target that is gone, or that is another by now', async () => {
    await brokenOff('lost');
    world.api.delete(at('Deployment', 'cart'));
    world.deploy('cart');
    expect(await raise(world, action)).toMatchObject({ result: 'unknown' });
    expect(claim()).toBeDefined();
  });

  test('cannot tell what happened when somebody has changed the same part, but stops sleepers all the same', async () => {
    await brokenOff('lost');
    world.rollOut('cart', 'web:2');
    expect(await raise(world, action)).toMatchObject({ result: 'unknown' });
    expect(fenceOf()).toBeDefined();
    expect(claim()).toBeDefined();
  });

  test('cannot tell anything without the record of the action', async () => {
    await brokenOff('lost');
    world.editAction(action, (object) => ({ ...object, metadata: { ...object.metadata, finalizers: [] } }));
    world.api.delete(at('HealingAction', 'heal'));
    expect(await raise(world, action)).toMatchObject({ result: 'unknown' });
  });

  test('that loses every race says so, and can be raised later', async () => {
    await brokenOff('lost');
    let count = 0;
    world.cluster.meanwhile = () => {
      world.label('Deployment', 'cart', 'kubeskippy.io/protected', String((count += 1)));
    };
    expect(await raise(world, action)).toMatchObject({ result: 'conflict' });
    expect(claim()).toBeDefined();
    world.cluster.meanwhile = () => undefined;
    expect(await raise(world, action)).toEqual({ result: 'clear' });
  });
});

test('a fence that sleeps does not take back a claim that was made meanwhile', async () => {
  await brokenOff('lost');
  const update = world.ports.actions.update.bind(world.ports.actions);
  let slept = false;
  Object.assign(world.ports.actions, {
    update: async (...args: Parameters<typeof update>) => {
      if (slept) return update(...args);
      slept = true; // just before it takes the claim back: another fence is through, and another try has claimed
      await raise(world, action);
      world.cluster.fault = () => 'lost';
      await tryEffect(world, action, { tries: 2, claim: 2 }).catch(() => undefined);
      world.cluster.fault = () => undefined;
      expect(claim()).toMatchObject({ attempt: 2 });
      const result = await update(...args);
      expect(claim()).toMatchObject({ attempt: 2 });
      return result;
    },
  });
  expect(await raise(world, action)).toEqual({ result: 'clear' });
  expect(slept).toBe(true);
});
