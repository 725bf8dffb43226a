import { beforeEach, describe, expect, test } from '@jest/globals';
import { recordVerdict } from '../../../activities/verify.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { benchForTests, type HealingLane } from '../../support/healing-bench.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, now, tryEffect } from '../../support/steps.ts';

const bench = benchForTests();
let lane: HealingLane;
let world: MemoryWorld;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
  lane = await bench.open(world);
});

/** As the watcher has it started after a run that was terminated. */
const settle = async (action: ObjectRef) => (await lane.start(action, { settle: true })).outcome();

/** An attempt of the run before that sleeps at its first write to the target, or before its claim. */
const asleep = async (action: ObjectRef, before: 'write' | 'claim') => {
  const gate = Promise.withResolvers<undefined>();
  const sleeping = Promise.withResolvers<undefined>();
  const sleep = async (): Promise<void> => {
    sleeping.resolve(undefined);
    await gate.promise;
  };
  if (before === 'write')
    world.cluster.meanwhile = async () => {
      world.cluster.meanwhile = () => undefined;
      await sleep();
    };
  else {
    const hold = world.ports.actions.hold.bind(world.ports.actions);
    Object.assign(world.ports.actions, {
      hold: async (...args: Parameters<typeof hold>) => {
        Object.assign(world.ports.actions, { hold });
        await sleep();
        return hold(...args);
      },
    });
  }
  const effect = tryEffect(world, action);
  await sleeping.promise;
  return { effect, wake: gate.resolve.bind(gate, undefined) };
};

describe('a healing whose workflow was terminated', () => {
  test('before it was accepted is over', async () => {
    const action = world.action();
    expect(await settle(action)).toMatchObject({ reason: 'Aborted' });
    expect(world.the(action).status).toMatchObject({ phase: 'Cancelled', result: { success: false } });
    expect(world.cluster.written).toEqual([]);
    expect(world.events.at(-1)).toMatchObject({ reason: 'Aborted' });
  });

  test('while it waited, with its plan made, does not act any more', async () => {
    const action = world.action();
    await accepted(world, action);
    expect(await settle(action)).toMatchObject({ reason: 'Aborted' });
    expect(world.cluster.written).toEqual([]);
    expect(world.ledger).toEqual(expect.objectContaining({ leases: {}, settled: [] }));
  });

  test('on its way to a claim does not act any more', async () => {
    const action = world.action();
    await accepted(world, action);
    const { effect, wake } = await asleep(action, 'claim');
    expect(await settle(action)).toMatchObject({ reason: 'Aborted' });
    wake();
    expect(['ended', 'conflict']).toContain((await effect).result);
    expect(await tryEffect(world, action)).toMatchObject({ result: 'ended' });
    expect(world.cluster.effects).toEqual([]);
    expect(world.the(action).status?.claim).toBeUndefined();
  });

  test('on its way from the claim to the effect has certainly not acted, and a person learns of it', async () => {
    const action = world.action();
    await accepted(world, action);
    const { effect, wake } = await asleep(action, 'write');
    expect(await settle(action)).toMatchObject({ reason: 'NeedsHuman', message: expect.stringContaining('will not') });
    wake();
    expect(await effect).toMatchObject({ result: 'conflict' });
    expect(world.cluster.effects).toEqual([]);
  });

  test('and that gives its claim back in this moment ends without another plan', async () => {
    const action = world.action();
    await accepted(world, action);
    await asleep(action, 'write');
    const read = world.ports.actions.read.bind(world.ports.actions);
    Object.assign(world.ports.actions, {
      read: (ref: ObjectRef) => {
        world.editAction(action, ({ status: { claim: _given, ...status } = {}, ...object }) => ({ ...object, status }));
        return read(ref);
      },
    });
    await lane.close();
    lane = await bench.open(world);
    const healing = await lane.start(action, { settle: true });
    expect(await healing.outcome()).toMatchObject({ reason: 'Aborted' });
    expect(await healing.steps()).toEqual(['abandon', 'recall', 'abandon', 'report']);
    expect(world.ledger).toEqual(expect.objectContaining({ leases: {}, settled: [] }));
  });

  test('after its effect is verified', async () => {
    const action = world.action();
    await accepted(world, action);
    await tryEffect(world, action);
    expect(await settle(action)).toMatchObject({ reason: 'Healed' });
    expect(world.cluster.effects).toHaveLength(1);
    expect(world.the(action).metadata.finalizers ?? []).toEqual([]);
  });

  test('after a verdict is taken back, and not judged again', async () => {
    world.rollOut('cart', 'broken:2');
    const action = world.action({ action: { name: 'back', type: 'undo' } });
    await accepted(world, action);
    world.badImages.add('web:1');
    await tryEffect(world, action);
    await recordVerdict(world.ports, action, { verdict: 'not-healed', detail: 'it is worse' }, now);
    const healing = await lane.start(action, { settle: true });
    expect(await healing.outcome()).toMatchObject({
      reason: 'RolledBack',
      message: expect.stringContaining('it is worse'),
    });
    expect(await healing.steps()).not.toContain('measure');
    expect(world.imageOf('cart')).toBe('broken:2');
  });

  test('and that was deleted meanwhile goes away', async () => {
    const action = world.action();
    world.editAction(action, (object) => ({ ...object, metadata: { ...object.metadata, finalizers: ['a/b'] } }));
    world.api.delete(at('HealingAction', action.name));
    expect(await settle(action)).toMatchObject({ reason: 'Deleted' });
    expect(world.the(action).status?.phase).toBe('Cancelled');
  });

  test('and that is gone has nothing to be said about it', async () => {
    const action = world.action();
    world.api.delete(at('HealingAction', action.name));
    expect(await settle(action)).toMatchObject({ reason: 'Deleted' });
  });

  test('and that had ended stays as it ended', async () => {
    const action = world.action();
    await (await lane.start(action)).outcome();
    const before = world.the(action).status;
    expect(await settle(action)).toMatchObject({ reason: 'Healed' });
    expect(world.the(action).status).toEqual(before);
    expect(world.cluster.effects).toHaveLength(1);
  });
});
