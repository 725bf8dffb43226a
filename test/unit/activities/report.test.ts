import { beforeEach, describe, expect, test } from '@jest/globals';
import { report } from '../../../activities/report.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import { reserve } from '../../../src/domain/ledger.ts';
import type { Outcome } from '../../../src/domain/outcome.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, now, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
  action = world.action();
  const { reservation } = await accepted(world, action);
  world.ledger = reserve(world.ledger, reservation, Date.now()).state;
});

const tell = (outcome: Outcome) => report(world.ports, action, outcome, now);
const NOT_HEALED: Outcome = { reason: 'NotHealed', message: 'it did not help' };

describe('the end', () => {
  test('is written once, with everything that follows from it', async () => {
    await tryEffect(world, action);
    expect(await tell({ reason: 'Healed', message: 'all is well' })).toEqual({
      reason: 'Healed',
      message: 'all is well',
    });
    const { status, metadata } = world.the(action);
    expect(status).toMatchObject({
      phase: 'Succeeded',
      reason: 'Healed',
      completionTime: expect.any(String),
      result: { success: true, message: 'all is well' },
      evidence: { after: [{ verdict: 'healthy', value: 'all is well' }] },
    });
    expect(findCondition(status?.conditions, 'Verified')).toMatchObject({ status: 'True', reason: 'Healed' });
    expect(metadata.finalizers ?? []).toEqual([]);
    expect(world.events.at(-1)).toMatchObject({ type: 'Normal', reason: 'Healed' });
  });

  test('that was written before wins over one that comes later', async () => {
    await tell(NOT_HEALED);
    const before = world.the(action).status;
    expect(await tell({ reason: 'Healed', message: 'all is well' })).toEqual(NOT_HEALED);
    expect(world.the(action).status).toEqual(before);
  });

  test('said twice is said once: a crash in between repeats only what is safe', async () => {
    await tryEffect(world, action);
    await tell(NOT_HEALED);
    const { ledger } = world;
    await tell(NOT_HEALED);
    expect(world.ledger).toEqual(ledger);
  });

  test('of a refusal says that it was not accepted', async () => {
    const refused = world.action({}, 'refused');
    await report(world.ports, refused, { reason: 'Refused', message: 'nobody grants this' }, now);
    expect(findCondition(world.the(refused).status?.conditions, 'Accepted')).toMatchObject({
      status: 'False',
      reason: 'Refused',
      message: 'nobody grants this',
    });
  });

  test('after the object was torn away frees the lock, and counts the slot: nobody can tell any more', async () => {
    world.api.delete(at('HealingAction', 'heal'));
    expect(await tell(NOT_HEALED)).toEqual(NOT_HEALED);
    expect(world.ledger).toEqual(
      expect.objectContaining({ leases: {}, settled: [expect.objectContaining({ id: action.uid })] }),
    );
    expect(world.events.map(({ reason }) => reason)).toEqual(['Planned']);
  });

  test('of an action that certainly had no effect gives the slot back', async () => {
    await tell({ reason: 'Aborted', message: 'no' });
    expect(world.ledger).toEqual(expect.objectContaining({ leases: {}, settled: [] }));
  });

  test('of an action that may have had an effect counts', async () => {
    world.cluster.fault = () => 'lost';
    await expect(tryEffect(world, action)).rejects.toThrow();
    await tell({ reason: 'NeedsHuman', message: 'it cannot be told' });
    expect(world.ledger.settled).toHaveLength(1);
  });

  test('of a hand-written action that names no uid tells no policy, but its slot counts', async () => {
    await tryEffect(world, action);
    await tell(NOT_HEALED);
    expect(world.told).toEqual([]);
    expect(world.ledger.settled).toMatchObject([{ policy: 'shop/policy' }]);
  });
});
