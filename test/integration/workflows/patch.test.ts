import { beforeEach, expect, test } from '@jest/globals';
import { MESSAGES } from '../../../src/api/temporal-names.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { benchForTests, type Healing, type HealingLane } from '../../support/healing-bench.ts';
import { eventually } from '../../support/eventually.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';

const bench = benchForTests();
let lane: HealingLane;
let world: MemoryWorld;
let action: ObjectRef;
let healing: Healing;

const slower = {
  name: 'slower',
  type: 'patch',
  patchAction: { type: 'merge', patch: '{"spec": {"minReadySeconds": 1, "revisionHistoryLimit": 4}}' },
} as const;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy({ actions: [slower], verification: { stabilizationWindow: '0s', timeout: '2s' } });
  lane = await bench.open(world);
});

const start = async (): Promise<void> => {
  action = world.action({ action: slower });
  healing = await lane.start(action);
};
const plan = () => world.the(action).status?.plan;
const digest = (): string => world.the(action).status?.planDigest ?? '';
const edit = (fields: object): void => {
  world.api.edit(at('Deployment', 'cart'), (object) => ({
    ...object,
    spec: { ...(object.spec as object), ...fields },
  }));
};

test('a patch is made, proven and written down field by field', async () => {
  await start();
  expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
  expect(world.deployment('cart').spec).toMatchObject({ minReadySeconds: 1, revisionHistoryLimit: 4 });
  expect(world.cluster.effects).toHaveLength(1);
  expect(world.the(action).status?.result?.changes).toMatchObject([
    { changeType: 'patch', field: 'spec.minReadySeconds', oldValue: '', newValue: '1' },
    { field: 'spec.revisionHistoryLimit', oldValue: '', newValue: '4' },
  ]);
});

test('what did not heal is taken back, and only that', async () => {
  world.rollOut('cart', 'broken:2');
  await start();
  const { status } = await healing.outcome().then(() => world.the(action));
  expect(status?.rollback).toMatchObject({ outcome: 'done' });
  const { spec } = world.deployment('cart');
  expect(spec).not.toHaveProperty('minReadySeconds');
  expect(spec).not.toHaveProperty('revisionHistoryLimit');
  expect(world.imageOf('cart')).toBe('broken:2');
});

test('a target that drifts after the approval is planned anew, with its new difference and another digest', async () => {
  world.editPolicy((spec) => ({ ...spec, mode: 'manual' }));
  await start();
  await healing.reaches('AwaitingApproval');
  await eventually(() => {
    expect(plan()?.diff).toBe('+ spec.minReadySeconds: 1\n+ spec.revisionHistoryLimit: 4');
  });
  const first = digest();

  edit({ minReadySeconds: 9 });
  await healing.handle.signal(MESSAGES.approve, { planDigest: first, by: 'jane' });
  await eventually(() => {
    expect(plan()?.diff).toBe('- spec.minReadySeconds: 9\n+ spec.minReadySeconds: 1\n+ spec.revisionHistoryLimit: 4');
  }, 20_000);
  expect(digest()).not.toBe(first);
  expect(world.cluster.effects).toEqual([]);
  expect(world.deployment('cart').spec.minReadySeconds).toBe(9);

  await healing.reaches('AwaitingApproval');
  expect(world.ledger.leases).toEqual({}); // nobody holds a slot while a person thinks, this one neither
  await healing.handle.signal(MESSAGES.approve, { planDigest: digest(), by: 'jane' });
  expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
  expect(world.deployment('cart').spec.minReadySeconds).toBe(1);
  expect(world.cluster.effects).toHaveLength(1);
});

test('other changes of the target after the approval make no new plan', async () => {
  world.editPolicy((spec) => ({ ...spec, mode: 'manual' }));
  await start();
  await healing.reaches('AwaitingApproval');
  edit({ progressDeadlineSeconds: 77 });
  await healing.handle.signal(MESSAGES.approve, { planDigest: digest(), by: 'jane' });
  expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
  expect(world.deployment('cart').spec).toMatchObject({ minReadySeconds: 1, progressDeadlineSeconds: 77 });
});

test('a target that somebody else has patched alike meanwhile needs nothing', async () => {
  world.editPolicy((spec) => ({ ...spec, mode: 'manual' }));
  await start();
  await healing.reaches('AwaitingApproval');
  edit({ minReadySeconds: 1, revisionHistoryLimit: 4 });
  await healing.handle.signal(MESSAGES.approve, { planDigest: digest(), by: 'jane' });
  expect(await healing.outcome()).toMatchObject({
    reason: 'Refused',
    message: expect.stringContaining('changes nothing'),
  });
  expect(world.cluster.effects).toEqual([]);
});
