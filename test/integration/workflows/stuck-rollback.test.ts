import { beforeEach, describe, expect, test } from '@jest/globals';
import { MESSAGES } from '../../../src/api/temporal-names.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { eventually } from '../../support/eventually.ts';
import { benchForTests, type Healing, type HealingLane } from '../../support/healing-bench.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';

const bench = benchForTests();
let lane: HealingLane;
let world: MemoryWorld;
let action: ObjectRef;
let healing: Healing;

/** An undo that has made things worse, and that the API server does not let us take back. */
beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy({ verification: { stabilizationWindow: '500ms', timeout: '1500ms' } });
  world.rollOut('cart', 'broken:2');
  world.badImages.add('web:1');
  world.cluster.meanwhile = () => {
    world.cluster.meanwhile = () => undefined;
    setTimeout(() => {
      world.cluster.refusal = 'the webhook of somebody else says no';
    }, 200);
  };
  action = world.action({ action: { name: 'back', type: 'undo' } });
  lane = await bench.open(world);
  healing = await lane.start(action);
  await healing.reaches('AwaitingOperator');
  await eventually(() => {
    expect(world.the(action).status?.reason).toBe('AwaitingOperator');
  });
});

const operate = (command: string): Promise<string> =>
  healing.handle.executeUpdate(MESSAGES.operate, { args: [command] });
const rolledBack = () => findCondition(world.the(action).status?.conditions, 'RolledBack');

describe('a rollback that is refused', () => {
  test('is shown where people look, with what to type; the change and its slot stay', async () => {
    expect(rolledBack()).toMatchObject({ status: 'False', reason: 'AwaitingOperator' });
    expect(rolledBack()?.message).toContain('the webhook of somebody else says no');
    expect(rolledBack()?.message).toContain('kubeskippy operate heal retry -n shop');
    expect(world.the(action).status).toMatchObject({ phase: 'InProgress', rollback: { outcome: 'failed' } });
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'AwaitingOperator', action: 'RollBack' });
    expect(world.imageOf('cart')).toBe('web:1');
    expect(Object.keys(world.ledger.leases)).toEqual([action.uid]);
    await operate('abort');
    await healing.outcome();
  });

  test.each(['retry', 'rollback'])('is tried again after %s', async (command) => {
    world.cluster.refusal = undefined;
    await operate(command);
    expect(await healing.outcome()).toMatchObject({ reason: 'RolledBack' });
    expect(world.imageOf('cart')).toBe('broken:2');
    expect(rolledBack()).toMatchObject({ status: 'True', reason: 'RolledBack' });
    expect(world.cluster.effects).toHaveLength(2);
  });

  test('may be refused again, and then waits again', async () => {
    await operate('retry');
    await eventually(async () => {
      expect((await healing.steps()).filter((step) => step === 'awaitOperator')).toHaveLength(2);
    }, 10_000);
    await healing.reaches('AwaitingOperator');
    await healing.handle.signal(MESSAGES.operate, 'abort');
    expect(await healing.outcome()).toMatchObject({ reason: 'NeedsHuman' });
  });

  test('is not tried over what somebody else has changed meanwhile', async () => {
    world.cluster.refusal = undefined;
    world.rollOut('cart', 'broken:theirs');
    await operate('retry');
    expect(await healing.outcome()).toMatchObject({ reason: 'NeedsHuman' });
    expect(world.imageOf('cart')).toBe('broken:theirs');
  });

  test.each([
    ['skip', 'NotHealed', 'accepted as it is by an operator'],
    ['abort', 'NeedsHuman', 'the change is still there'],
  ])('is given up after %s, and says so', async (command, reason, message) => {
    await operate(command);
    expect(await healing.outcome()).toMatchObject({ reason, message: expect.stringContaining(message) });
    expect(world.imageOf('cart')).toBe('web:1');
    expect(rolledBack()).toMatchObject({ status: 'False', reason: 'RollbackFailed' });
    expect(world.ledger).toEqual(
      expect.objectContaining({ leases: {}, settled: [expect.objectContaining({ id: action.uid })] }),
    );
    expect(world.the(action).metadata.finalizers ?? []).toEqual([]);
  });

  test('does not hold the action when it is deleted', async () => {
    world.api.delete(at('HealingAction', action.name));
    await healing.handle.signal(MESSAGES.deletionRequested);
    expect(await healing.outcome()).toMatchObject({ reason: 'NeedsHuman' });
    expect(world.api.find(at('HealingAction', action.name))).toBeUndefined();
  });
});
