import { beforeEach, describe, expect, test } from '@jest/globals';
import { requestApproval } from '../../../activities/approve.ts';
import { planDigest } from '../../../activities/plan-digest.ts';
import type { HealingActionSpec } from '../../../src/api/healing-action.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, now, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;

const more = { name: 'more', type: 'scale', scaleAction: { direction: 'up', replicas: 2 } } as const;
const later = {
  name: 'later',
  type: 'patch',
  patchAction: { type: 'merge', patch: '{"spec": {"minReadySeconds": 5}}' },
} as const;
const gone = { name: 'gone', type: 'delete', deleteAction: { keepManifest: true } } as const;

beforeEach(() => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.rollOut('cart', 'broken:2');
  world.policy({
    mode: 'manual',
    actions: [{ name: 'again', type: 'restart' }, { name: 'back', type: 'undo' }, more, later, gone],
  });
});

const begin = async (over: Partial<HealingActionSpec>): Promise<void> => {
  action = world.action(over);
  await accepted(world, action);
};
const status = () => world.the(action).status;
const ask = async () => {
  const rules = {
    required: true,
    why: 'manual',
    timeoutMs: 60_000,
    acceptSignals: true,
    requireIdentity: false,
    fourEyes: false,
  };
  return requestApproval(world.ports, action, status()?.planDigest ?? '', rules, now);
};
const pod = () => world.pods('cart')[0]?.metadata.name ?? '';

describe('who is asked to approve sees what the API server says would change', () => {
  test.each<[string, () => Partial<HealingActionSpec>, RegExp]>([
    [
      'a restart',
      () => ({}),
      /^\+ spec\.template\.metadata\.annotations\[kubectl\.kubernetes\.io\/restartedAt\]: \d{4}-[^\n]+Z$/,
    ],
    [
      'an undo',
      () => ({ action: { name: 'back', type: 'undo' } }),
      /^- spec\.template\.spec\.containers\[app\]\.image: broken:2\n\+ spec\.template\.spec\.containers\[app\]\.image: web:1$/,
    ],
    ['a scaling', () => ({ action: more }), /^- spec\.replicas: 2\n\+ spec\.replicas: 4$/],
    ['a patch', () => ({ action: later }), /^\+ spec\.minReadySeconds: 5$/],
    ['a deletion', () => ({ action: gone }), /^- Deployment shop\/cart \(uid [-0-9a-f]+\)$/],
    [
      'an eviction',
      () => ({ targetResource: { apiVersion: 'v1', kind: 'Pod', name: pod() } }),
      /^- Pod shop\/cart-\S+ \(uid [-0-9a-f]+\)$/,
    ],
  ])('%s', async (_name, over, expected) => {
    await begin(over());
    const { plan, planDigest: digest } = status() ?? {};
    expect(plan?.diff).toBeUndefined();
    expect(await ask()).toMatchObject({ result: 'asked' });
    expect(status()?.plan?.diff).toMatch(expected);
    expect(status()).toMatchObject({ plan, planDigest: digest });
    expect(digest).toBe(planDigest({ ...plan!, diff: 'something else' }));
    expect(world.cluster.effects).toEqual([]);
    expect(world.cluster.seen.every(({ options }) => options.dryRun)).toBe(true);
    for (const { options } of world.cluster.seen) expect(options.auditId).toContain(`ks/${action.uid}/preview/`);
  });

  test('once: asked again, nothing is tried again', async () => {
    await begin({ action: later });
    await ask();
    const before = status();
    const tried = world.cluster.seen.length;
    await ask();
    expect(status()).toEqual(before);
    expect(world.cluster.seen).toHaveLength(tried);
  });

  test.each<[string, () => void, RegExp]>([
    ['no answer comes', () => (world.cluster.fault = () => 'lost'), /^\(not known: the request was lost\)$/],
    [
      'a budget is full',
      () => (world.cluster.budget = 'no disruption allowed'),
      /^\(not known: no disruption allowed\)$/,
    ],
    [
      'the target is gone',
      () => {
        world.api.delete(at('Pod', pod()));
      },
      /^\(not known: .*no longer exists\)$/,
    ],
  ])('is asked all the same when %s', async (_name, trouble, expected) => {
    await begin({ targetResource: { apiVersion: 'v1', kind: 'Pod', name: pod() } });
    trouble();
    expect(await ask()).toMatchObject({ result: 'asked' });
    expect(status()?.plan?.diff).toMatch(expected);
    expect(status()?.approval).toMatchObject({ required: true });
  });

  test('is not asked about what the API server refuses for good', async () => {
    await begin({ action: later });
    world.cluster.refusal = 'exceeded quota';
    expect(await ask()).toEqual({
      result: 'ended',
      outcome: { reason: 'Refused', message: 'the API server would refuse it: exceeded quota' },
    });
    expect(status()?.approval).toBeUndefined();
  });
});

test('a dry run leaves what would have changed', async () => {
  world.editPolicy((spec) => ({ ...spec, mode: 'dryrun' }));
  await begin({ action: more });
  expect(await tryEffect(world, action, { dryRun: true })).toMatchObject({ changed: false });
  expect(status()?.plan?.diff).toBe('- spec.replicas: 2\n+ spec.replicas: 4');
  expect(world.cluster.effects).toEqual([]);
});

test('an automatic plan is carried out without a rehearsal', async () => {
  world.editPolicy((spec) => ({ ...spec, mode: 'automatic' }));
  await begin({ action: more });
  await tryEffect(world, action);
  expect(world.cluster.seen.map(({ options }) => options.dryRun)).toEqual([false]);
});
