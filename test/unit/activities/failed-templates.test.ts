import { beforeEach, expect, test } from '@jest/globals';
import { failedTemplates } from '../../../activities/failed-templates.ts';
import { rollBack } from '../../../activities/roll-back.ts';
import { templateDigest } from '../../../src/actions/pod-template.ts';
import type { ReplicaSet } from '../../../src/api/workloads.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { MemoryWorld } from '../../support/memory-world.ts';
import { accepted, attempt, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
const digest = (): string => templateDigest(world.deployment('cart').spec.template);
const failed = (uid = world.deployment('cart').metadata.uid) => failedTemplates(world.ports, 'shop', uid);
const undo = async (name: string): Promise<ObjectRef> => {
  const action = world.action({ action: { name: 'back', type: 'undo' } }, name);
  await accepted(world, action);
  return action;
};

beforeEach(() => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.rollOut('cart', 'broken:2');
  world.policy();
});

test('what an undo has left is not gone back to by the next', async () => {
  const broken = digest();
  const first = await undo('first');
  expect(await failed()).toEqual([]); // planned is not done
  await tryEffect(world, first);
  expect(await failed()).toEqual([broken]);
  expect(await failed('another')).toEqual([]);

  world.rollOut('cart', 'broken:3');
  const sets = world.api.list('ReplicaSet', 'shop') as ReplicaSet[];
  world.seenGood = sets
    .filter(({ spec }) => templateDigest(spec.template) === broken)
    .map(({ metadata }) => metadata.uid);
  world.badImages.add('web:1');
  world.rollOut('cart', 'broken:4');
  const { status } = world.the(await undo('second'));
  expect(status?.plan?.parameters?.['toDigest']).not.toBe(broken);
});

test('nor is what made things worse, so that the undo was taken back', async () => {
  const before = digest();
  const action = await undo('first');
  world.badImages.add('web:1');
  await tryEffect(world, action);
  const back = digest();
  await rollBack(
    world.ports,
    action,
    world.the(action).status?.planDigest ?? '',
    { generation: 0, available: 99, restarts: {} },
    attempt(),
  );
  expect((await failed()).toSorted()).toEqual([before, back].toSorted());
});
