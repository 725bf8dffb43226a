import { beforeEach, describe, expect, test } from '@jest/globals';
import type { HealingActionSpec } from '../../../src/api/healing-action.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import { analyzerChoosing } from '../../support/analyzers.ts';
import { benchForTests, type HealingLane } from '../../support/healing-bench.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, tryEffect } from '../../support/steps.ts';

const bench = benchForTests();
let lane: HealingLane;
let world: MemoryWorld;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
  lane = await bench.open(world);
});

const undo: Partial<HealingActionSpec> = { action: { name: 'back', type: 'undo' } };
const conditions = (action: { readonly name: string }) =>
  Object.fromEntries((world.the(action).status?.conditions ?? []).map(({ type, status }) => [type, status]));

describe('a healing', () => {
  test('restarts, proves it, and says so', async () => {
    const action = world.action();
    const healing = await lane.start(action);
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });

    const [accept, execute, ...rest] = await healing.steps();
    expect([accept, execute]).toEqual(['accept', 'execute']);
    expect(rest.at(-1)).toBe('report');
    expect(new Set(rest.slice(0, -1))).toEqual(new Set(['measure']));
    expect(world.cluster.effects).toHaveLength(1);
    expect(conditions(action)).toEqual({
      Accepted: 'True',
      Analyzed: 'True',
      Approved: 'True',
      Reserved: 'True',
      Executed: 'True',
      Verified: 'True',
      Succeeded: 'True',
    });
    expect(world.the(action).metadata.finalizers ?? []).toEqual([]);
    expect(Object.keys(world.ledger.leases)).toEqual([]);
    expect(world.ledger.settled).toHaveLength(1);
  });

  test('asks an analyzer that takes its time in a step of its own, and the ledger only then', async () => {
    Object.assign(world.ports, { analyzer: analyzerChoosing(0) });
    await lane.close();
    lane = await bench.open(world);
    const healing = await lane.start(world.action());
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect((await healing.steps()).slice(0, 4)).toEqual(['accept', 'analyze', 'reserve', 'execute']);
  });

  test('brings back the last good revision', async () => {
    world.rollOut('cart', 'broken:2');
    const healing = await lane.start(world.action(undo));
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(world.imageOf('cart')).toBe('web:1');
  });

  test('evicts a pod, and looks at what replaces it', async () => {
    const [pod] = world.pods('cart');
    const healing = await lane.start(
      world.action({ targetResource: { apiVersion: 'v1', kind: 'Pod', name: pod?.metadata.name ?? '' } }),
    );
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(world.pods('cart').map(({ metadata }) => metadata.uid)).not.toContain(pod?.metadata.uid);
  });

  test('tells the workflow of the policy that made it', async () => {
    const { uid } = world.policy({}, 'maker').metadata;
    const action = world.action({ policyRef: { name: 'maker', namespace: 'shop', uid } });
    await (await lane.start(action)).outcome();
    expect(world.told).toEqual([{ policyUid: uid, ended: { uid: action.uid, reason: 'Healed' } }]);
  });

  test('rehearses and changes nothing', async () => {
    const before = world.deployment('cart');
    const action = world.action({ dryRun: true });
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'DryRunCompleted' });
    expect(world.deployment('cart')).toEqual(before);
    expect(world.the(action).status).toMatchObject({ phase: 'Succeeded' });
    expect(world.ledger.settled).toEqual([]);
  });

  test('whose policy becomes a dry run on the way is not called healed', async () => {
    const action = world.action();
    const reserve = world.ports.ledger.reserve.bind(world.ports.ledger);
    Object.assign(world.ports.ledger, {
      reserve: (request: Parameters<typeof reserve>[0]) => {
        world.editPolicy((spec) => ({ ...spec, mode: 'dryrun' }));
        return reserve(request);
      },
    });
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'DryRunCompleted' });
    expect(world.cluster.effects).toEqual([]);
  });

  test('that nothing grants is refused, and says why where people look', async () => {
    const action = world.action({ policyRef: { name: 'nobody', namespace: 'shop' } });
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'Refused' });
    expect(conditions(action)).toMatchObject({ Accepted: 'False', Succeeded: 'False' });
  });
});

describe('on the way to the effect', () => {
  /** Cart is broken, and just before the first effect somebody rolls out something else, as broken. */
  const movesOnOnce = (): void => {
    world.rollOut('cart', 'broken:2');
    world.cluster.meanwhile = () => {
      world.cluster.meanwhile = () => undefined;
      world.rollOut('cart', 'broken:3');
    };
  };

  test('a target that moves on is planned for anew', async () => {
    movesOnOnce();
    const healing = await lane.start(world.action(undo));
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect((await healing.steps()).filter((step) => step === 'accept')).toHaveLength(2);
    expect(world.imageOf('cart')).toBe('web:1');
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('what the plan before has reserved is not held while an analyzer thinks about the next one', async () => {
    movesOnOnce();
    const held: unknown[] = [];
    const analyzer = analyzerChoosing(0, () => held.push(world.ledger.leases));
    Object.assign(world.ports, { analyzer });
    await lane.close();
    lane = await bench.open(world);
    expect(await (await lane.start(world.action(undo))).outcome()).toMatchObject({ reason: 'Healed' });
    expect(held).toEqual([{}, {}]);
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('a target that moves on all the time is left alone in the end', async () => {
    world.rollOut('cart', 'broken:2');
    let version = 2;
    world.cluster.meanwhile = () => {
      world.rollOut('cart', `broken:${(version += 1)}`);
    };
    expect(await (await lane.start(world.action(undo))).outcome()).toMatchObject({ reason: 'Refused' });
    expect(world.cluster.effects).toEqual([]);
    expect(world.ledger.settled).toEqual([]);
  });

  test('a lost race is run again, and does not use up a try', async () => {
    let races = 0;
    world.cluster.meanwhile = () => {
      if ((races += 1) <= 3) world.label('Deployment', 'cart', 'kubeskippy.io/protected', `no-${races}`);
    };
    const action = world.action({ retryPolicy: { maxAttempts: 1 } });
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'Healed' });
    expect(world.the(action).status?.attempts).toBe(1);
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('an answer that is lost does not lose or double the effect', async () => {
    let lost = 0;
    world.cluster.fault = () => ((lost += 1) <= 2 ? (lost === 1 ? 'lost' : 'answer lost') : undefined);
    expect(await (await lane.start(world.action())).outcome()).toMatchObject({ reason: 'Healed' });
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('a crash between the effect and its record does not double it', async () => {
    const update = world.ports.actions.update.bind(world.ports.actions);
    let crashed = false;
    world.cluster.meanwhile = () => {
      Object.assign(world.ports.actions, {
        update: (...args: Parameters<typeof update>) => {
          if (crashed) return update(...args);
          crashed = true;
          throw new Error('the worker was killed');
        },
      });
    };
    expect(await (await lane.start(world.action())).outcome()).toMatchObject({ reason: 'Healed' });
    expect(crashed).toBe(true);
    expect(world.cluster.effects).toHaveLength(1);
  });
});

describe('a healing that did not help', () => {
  /** An undo after which even fewer pods are available than before. */
  const harmful = () => {
    world.policy({ verification: { stabilizationWindow: '500ms', timeout: '1500ms' } }, 'hasty');
    world.rollOut('cart', 'broken:2');
    world.badImages.add('web:1'); // what it goes back to has gone bad since
    return world.action({ ...undo, policyRef: { name: 'hasty', namespace: 'shop' } });
  };
  const afterTheEffect = (change: () => void): void => {
    world.cluster.meanwhile = () => {
      world.cluster.meanwhile = () => undefined;
      setTimeout(change, 300);
    };
  };

  test('is taken back when it has made things worse', async () => {
    const action = harmful();
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'RolledBack' });
    expect(world.imageOf('cart')).toBe('broken:2');
    expect(world.cluster.effects).toHaveLength(2);
    expect(world.the(action).status).toMatchObject({ phase: 'Failed', rollback: { outcome: 'done' } });
    expect(world.the(action).status?.audit?.map(({ step, kind }) => `${step ?? ''} ${kind}`)).toEqual([
      'execute claim',
      'execute intent',
      'execute outcome',
      'rollback intent',
      'rollback outcome',
      ' end',
    ]);
  });

  test('is taken back once, although the answer was lost', async () => {
    const action = harmful();
    afterTheEffect(() => {
      world.cluster.fault = () => {
        world.cluster.fault = () => undefined;
        return 'answer lost';
      };
    });
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'RolledBack' });
    expect(world.cluster.effects).toHaveLength(2);
  });

  test('is left alone when somebody else has changed the same since', async () => {
    const action = harmful();
    afterTheEffect(() => {
      world.rollOut('cart', 'broken:theirs');
    });
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'NeedsHuman' });
    expect(world.imageOf('cart')).toBe('broken:theirs');
    expect(world.the(action).status?.rollback?.outcome).toBe('refused');
  });

  test('is left alone when the target is protected by now', async () => {
    const action = harmful();
    afterTheEffect(() => {
      world.label('Deployment', 'cart', 'kubeskippy.io/protected', 'true');
    });
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'NeedsHuman' });
    expect(world.imageOf('cart')).toBe('web:1');
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('is kept when it has made nothing worse', async () => {
    world.policy({ verification: { stabilizationWindow: '500ms', timeout: '1500ms' } }, 'hasty');
    world.rollOut('cart', 'broken:2');
    const [good] = world.pods('cart');
    afterTheEffect(() => {
      world.api.edit(at('Pod', world.pods('cart')[0]?.metadata.name ?? ''), (object) => ({
        ...object,
        status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] },
      }));
    });
    expect(good).toBeDefined();
    const action = world.action({ ...undo, policyRef: { name: 'hasty', namespace: 'shop' } });
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'NotHealed' });
    expect(world.imageOf('cart')).toBe('web:1');
    expect(world.the(action).status?.rollback?.outcome).toBe('impossible');
  });

  test('and cannot be taken back, says so', async () => {
    world.policy({ verification: { stabilizationWindow: '500ms', timeout: '2s' } }, 'hasty');
    world.deploy('frail', { image: 'broken:1' });
    const action = world.action({
      policyRef: { name: 'hasty', namespace: 'shop' },
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'frail' },
    });
    expect(await (await lane.start(action)).outcome()).toMatchObject({
      reason: 'NotHealed',
      message: expect.stringContaining('cannot be taken back'),
    });
    expect(conditions(action)).toMatchObject({ Executed: 'True', Verified: 'False', Succeeded: 'False' });
    expect(world.ledger.settled).toHaveLength(1);
  });

  test('of which nothing is known is not proven', async () => {
    world.policy({ verification: { stabilizationWindow: '500ms', timeout: '2s' } }, 'hasty');
    const action = world.action({ policyRef: { name: 'hasty', namespace: 'shop' } });
    world.cluster.meanwhile = () => {
      setImmediate(() => {
        world.api.delete(at('Deployment', 'cart'));
      });
    };
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'NotHealed' });
    expect(findCondition(world.the(action).status?.conditions, 'Verified')).toMatchObject({ reason: 'Unproven' });
  });
});

describe('after Temporal has lost its memory', () => {
  test('an effect that is there is verified, not repeated', async () => {
    const action = world.action();
    await accepted(world, action);
    await tryEffect(world, action);
    const healing = await lane.start(action);
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(world.cluster.effects).toHaveLength(1);
    expect(await healing.steps()).not.toContain('execute');
  });

  test('an effect that is there, but was not recorded, is found and verified', async () => {
    const action = world.action();
    await accepted(world, action);
    world.cluster.fault = () => 'answer lost';
    await expect(tryEffect(world, action)).rejects.toThrow();
    world.cluster.fault = () => undefined;
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'Healed' });
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('an effect that was claimed and is not there is not begun again, and no sleeper can bring it about', async () => {
    const action = world.action();
    await accepted(world, action);
    const gate = Promise.withResolvers<undefined>();
    const asleep = Promise.withResolvers<undefined>();
    world.cluster.meanwhile = async () => {
      world.cluster.meanwhile = () => undefined;
      asleep.resolve(undefined);
      await gate.promise;
    };
    const slow = tryEffect(world, action);
    await asleep.promise;
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'NeedsHuman' });
    gate.resolve(undefined);
    expect(await slow).toMatchObject({ result: 'conflict' });
    expect(world.cluster.effects).toEqual([]);
    expect(world.the(action).status?.phase).toBe('Failed');
  });

  test('an action that has ended stays as it ended', async () => {
    const action = world.action();
    expect(await (await lane.start(action)).outcome()).toMatchObject({ reason: 'Healed' });
    const before = world.the(action).status;
    const again = await bench.client.workflow.start('healingActionWorkflow', {
      workflowId: `again-${action.uid}`,
      taskQueue: lane.taskQueue,
      args: [{ action }],
    });
    expect(await again.result()).toMatchObject({ reason: 'Healed' });
    expect(world.the(action).status).toEqual(before);
    expect(world.cluster.effects).toHaveLength(1);
  });
});
