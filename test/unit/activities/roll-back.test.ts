import { beforeEach, describe, expect, test } from '@jest/globals';
import { rollBack } from '../../../activities/roll-back.ts';
import { KEYS } from '../../../src/api/constants.ts';
import type { Deployment } from '../../../src/api/workloads.ts';
import type { Baseline, RollbackResult } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, attempt, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;
let baseline: Baseline;

/** An undo that has made things worse: what it went back to has gone bad. */
beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.rollOut('cart', 'broken:2');
  world.policy();
  world.badImages.add('web:1');
  action = world.action({ action: { name: 'back', type: 'undo' } });
  await accepted(world, action);
  const result = await tryEffect(world, action);
  if (result.result !== 'executed') throw new Error(JSON.stringify(result));
  ({ baseline } = result);
});

const takeBack = (over: Partial<Baseline> = {}): Promise<RollbackResult> =>
  rollBack(world.ports, action, world.the(action).status?.planDigest ?? '', { ...baseline, ...over }, attempt());
const rollback = () => world.the(action).status?.rollback?.outcome;

describe('a rollback', () => {
  test('takes back exactly what was set, in one marked write', async () => {
    expect(await takeBack()).toMatchObject({ result: 'rolled-back' });
    expect(world.imageOf('cart')).toBe('broken:2');
    expect(world.deployment('cart').metadata.annotations).toMatchObject({
      [`kubeskippy.io/reverted-${action.uid}`]: 'rollback-1',
    });
    expect(rollback()).toBe('done');
    expect(
      world
        .the(action)
        .status?.audit?.slice(-2)
        .map(({ kind, step }) => `${step ?? ''} ${kind}`),
    ).toEqual(['rollback intent', 'rollback outcome']);
  });

  test('is done once', async () => {
    await takeBack();
    expect(await takeBack()).toMatchObject({ result: 'rolled-back' });
    expect(world.cluster.effects).toHaveLength(2);
  });

  test('whose answer was lost is found by its mark', async () => {
    world.cluster.fault = () => 'answer lost';
    await expect(takeBack()).rejects.toThrow();
    world.cluster.fault = () => undefined;
    expect(await takeBack()).toMatchObject({ result: 'rolled-back' });
    expect(world.cluster.effects).toHaveLength(2);
  });

  test('is not made when nothing is worse than before', async () => {
    expect(await takeBack({ available: 0 })).toMatchObject({ result: 'not-possible' });
    expect(world.imageOf('cart')).toBe('web:1');
    expect(rollback()).toBe('impossible');
  });

  test('is made when the counts are older than the effect: they cannot say that nothing is worse', async () => {
    const { observedGeneration = 0 } = world.deployment('cart').status ?? {};
    expect(await takeBack({ available: 0, generation: observedGeneration + 1 })).toMatchObject({
      result: 'rolled-back',
    });
    expect(world.imageOf('cart')).toBe('broken:2');
  });

  test('is not made when nothing more is wanted by now', async () => {
    world.api.edit(at('Deployment', 'cart'), (object) => ({
      ...object,
      spec: { ...(object as Deployment).spec, replicas: 0 },
    }));
    expect(await takeBack()).toMatchObject({
      result: 'not-possible',
      message: expect.stringMatching(/^kept: 0 of 0 available, [1-9]\d* before$/),
    });
    expect(world.imageOf('cart')).toBe('web:1');
  });

  test('is not made over what somebody else has set since', async () => {
    world.rollOut('cart', 'broken:theirs');
    expect(await takeBack()).toMatchObject({ result: 'taken-over' });
    expect(world.imageOf('cart')).toBe('broken:theirs');
    expect(rollback()).toBe('refused');
  });

  test('is not made over what somebody else sets in that moment', async () => {
    world.cluster.meanwhile = () => {
      world.rollOut('cart', 'broken:theirs');
    };
    expect(await takeBack()).toMatchObject({ result: 'conflict' });
    expect(world.imageOf('cart')).toBe('broken:theirs');
  });

  test.each<[string, () => void]>([
    [
      'the target is protected by now',
      () => {
        world.label('Deployment', 'cart', KEYS.protected, 'true');
      },
    ],
    [
      'its policy protects it by now',
      () => {
        world.editPolicy((spec) => ({
          ...spec,
          safetyRules: { protectedResources: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] },
        }));
      },
    ],
    [
      'its namespace is protected by now',
      () => {
        world.settings.protectedNamespaces = ['shop'];
      },
    ],
  ])('is not made when %s', async (_what, change) => {
    change();
    expect(await takeBack()).toMatchObject({ result: 'taken-over' });
    expect(world.imageOf('cart')).toBe('web:1');
  });

  test('that the API server refuses is said to be stuck, and can be tried again', async () => {
    world.cluster.refusal = 'denied';
    expect(await takeBack()).toMatchObject({ result: 'blocked', message: expect.stringContaining('denied') });
    expect(rollback()).toBeUndefined();
    world.cluster.refusal = undefined;
    expect(await takeBack()).toMatchObject({ result: 'rolled-back' });
    expect(world.cluster.effects).toHaveLength(2);
  });

  test('is possible although the policy is gone: it is a duty, not a right', async () => {
    world.api.delete(at('HealingPolicy', 'policy'));
    expect(await takeBack()).toMatchObject({ result: 'rolled-back' });
  });

  test('of a target that is gone is not possible', async () => {
    world.api.delete(at('Deployment', 'cart'));
    expect(await takeBack()).toMatchObject({ result: 'not-possible' });
  });

  const end = (): void => {
    world.editAction(action, (object) => ({
      ...object,
      status: {
        ...object.status,
        conditions: [{ type: 'Succeeded', status: 'False', reason: 'NotHealed', message: '', lastTransitionTime: '' }],
      },
    }));
  };

  test('is not made once the action has ended, by a sleeper for example', async () => {
    end();
    expect(await takeBack()).toMatchObject({ result: 'not-possible' });
    expect(world.imageOf('cart')).toBe('web:1');
  });

  test.each<[string, () => void]>([
    ['has ended', end],
    [
      'is gone',
      () => {
        world.editAction(action, (object) => ({ ...object, metadata: { ...object.metadata, finalizers: [] } }));
        world.api.delete(at('HealingAction', action.name));
      },
    ],
  ])('is not made when the action %s by the time that it is announced', async (_what, change) => {
    const update = world.ports.actions.update.bind(world.ports.actions);
    let first = true;
    Object.assign(world.ports.actions, {
      update: (...args: Parameters<typeof update>) => {
        if (first) change();
        first = false;
        return update(...args);
      },
    });
    expect(await takeBack()).toMatchObject({ result: 'not-possible' });
    expect(first).toBe(false);
    expect(world.imageOf('cart')).toBe('web:1');
  });

  test('that sleeps before its write is stopped when the rollback is given up', async () => {
    const gate = Promise.withResolvers<undefined>();
    const asleep = Promise.withResolvers<undefined>();
    world.cluster.meanwhile = async () => {
      world.cluster.meanwhile = () => undefined;
      asleep.resolve(undefined);
      await gate.promise;
    };
    const slow = takeBack();
    await asleep.promise;
    expect(await takeBack({ available: 0 })).toMatchObject({ result: 'not-possible' });
    gate.resolve(undefined);
    expect(await slow).toMatchObject({ result: 'conflict' });
    expect(world.imageOf('cart')).toBe('web:1');
    expect(world.deployment('cart').metadata.annotations?.[KEYS.fence]).toBeDefined();
  });
});

test('a number of replicas that did not heal is taken back although nothing is worse than before', async () => {
  world.policy({ actions: [{ name: 'more', type: 'scale', scaleAction: { direction: 'up', replicas: 1 } }] }, 'more');
  world.deploy('shop', { image: 'web:9' });
  action = world.action(
    {
      policyRef: { name: 'more', namespace: 'shop' },
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop' },
      action: { name: 'more', type: 'scale', scaleAction: { direction: 'up', replicas: 1 } },
    },
    'scaling',
  );
  await accepted(world, action);
  const result = await tryEffect(world, action);
  if (result.result !== 'executed') throw new Error(JSON.stringify(result));
  expect(world.deployment('shop')).toMatchObject({ spec: { replicas: 3 }, status: { availableReplicas: 3 } });
  expect(await takeBack(result.baseline)).toMatchObject({ result: 'rolled-back' });
  expect(world.deployment('shop').spec.replicas).toBe(2);
});
