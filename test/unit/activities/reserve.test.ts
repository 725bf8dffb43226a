import { beforeEach, expect, test } from '@jest/globals';
import { reserve } from '../../../activities/reserve.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { MemoryWorld } from '../../support/memory-world.ts';
import { accepted, now } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;
beforeEach(() => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy({ safetyRules: { maxActionsPerHour: 1 } });
});

test('a slot that is granted is written down with the claim, not before', async () => {
  action = world.action();
  const { reservation } = await accepted(world, action);
  const before = world.the(action).status;
  expect(await reserve(world.ports, action, reservation, now)).toEqual({ granted: true });
  expect(world.the(action).status).toEqual(before);
});

test('one that is not granted shows in the status and as an Event, with the reason', async () => {
  const first = world.action();
  await reserve(world.ports, first, (await accepted(world, first)).reservation, now);
  action = world.action({}, 'second');
  const { reservation } = await accepted(world, action);
  const answer = await reserve(world.ports, action, reservation, now);
  if (answer.granted || 'gone' in answer) throw new Error('two at one target');
  expect(world.the(action).status).toMatchObject({ phase: 'Approved', reason: answer.reason });
  expect(world.events.at(-1)).toMatchObject({
    regarding: { name: 'second' },
    reason: answer.reason,
    action: 'Reserve',
    note: answer.message,
  });
});
