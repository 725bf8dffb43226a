import { beforeEach, describe, expect, test } from '@jest/globals';
import { accept } from '../../../activities/accept.ts';
import { report } from '../../../activities/report.ts';
import { KEYS } from '../../../src/api/constants.ts';
import type { HealingActionSpec } from '../../../src/api/healing-action.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import { retryOf } from '../../../src/domain/retry-of.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, now, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let earlier: ObjectRef;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
  earlier = world.action({ trigger: { name: 'crash', type: 'condition' } }, 'earlier');
  world.editAction(earlier, (action) => ({
    ...action,
    metadata: { ...action.metadata, annotations: { [KEYS.episode]: 'cart-uid' } },
  }));
  await accepted(world, earlier);
});

const end = () => report(world.ports, earlier, { reason: 'NotHealed', message: 'it did not help' }, now);
const retry = (over: Partial<HealingActionSpec> = {}): ObjectRef =>
  world.action({ retryOf: { name: 'earlier', uid: earlier.uid }, ...over }, 'earlier-r1');

describe('a retry', () => {
  test('of a finished action is accepted, acts, and leaves the earlier one as it ended', async () => {
    await end();
    const before = world.the(earlier);
    const manifest = retryOf(before, now());
    if (manifest.result !== 'retry') throw new Error(manifest.message);
    const again = world.action(manifest.manifest.spec, manifest.manifest.metadata.name);
    await accepted(world, again);
    expect(await tryEffect(world, again)).toMatchObject({ result: 'executed', changed: true });
    expect(findCondition(world.the(again).status?.conditions, 'Accepted')?.message).toBe(
      'covered by HealingPolicy policy; tries HealingAction earlier again',
    );
    expect(world.the(earlier)).toEqual(before);
  });

  test('is told to the policy whose trouble it treats', async () => {
    await end();
    const again = retry();
    await accepted(world, again);
    expect(world.retries).toEqual([
      {
        policyUid: world.api.get(at('HealingPolicy', 'policy')).metadata.uid,
        started: { uid: again.uid, name: 'earlier-r1', episode: 'cart-uid', trigger: 'crash', cooldownMs: 300_000 },
      },
    ]);
  });

  test('that was accepted stays so when the earlier one is removed', async () => {
    await end();
    const again = retry();
    await accepted(world, again);
    world.api.delete(at('HealingAction', 'earlier'));
    expect(await accept(world.ports, again, now)).toMatchObject({ result: 'accepted' });
  });

  test.each<[string, boolean, Partial<HealingActionSpec>, RegExp]>([
    ['an action that still runs', false, {}, /has not ended yet/],
    ['nothing', true, { retryOf: { name: 'nobody' } }, /nobody.*does not exist/],
    ['itself', true, { retryOf: { name: 'earlier-r1' } }, /has not ended yet/],
    ['an action of before', true, { retryOf: { name: 'earlier', uid: 'old' } }, /another one than that with uid old/],
    ['something else', true, { action: { name: 'back', type: 'undo' } }, /another action/],
  ])('of %s is refused, and nothing is done', async (_what, ended, over, why) => {
    if (ended) await end();
    const again = retry(over);
    expect(await accept(world.ports, again, now)).toMatchObject({
      result: 'ended',
      outcome: { reason: 'Refused', message: expect.stringMatching(why) },
    });
    expect(world.retries).toEqual([]);
    expect(world.cluster.seen).toEqual([]);
  });
});
