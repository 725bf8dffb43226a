import { beforeEach, describe, expect, test } from '@jest/globals';
import { execute } from '../../../activities/execute.ts';
import { report } from '../../../activities/report.ts';
import { FINALIZER } from '../../../src/api/constants.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { ExecutionResult } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { at, type MemoryWorld } from '../../support/memory-world.ts';
import { acceptedOnCart, attempt, now, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;

beforeEach(async () => {
  ({ world, action } = await acceptedOnCart());
});

const outcomeOf = (result: ExecutionResult): string =>
  result.result === 'ended' ? result.outcome.reason : result.result;
const claim = () => world.the(action).status?.claim;

describe('a deletion', () => {
  test('that comes before the claim means no effect, even in the last moment', async () => {
    const hold = world.ports.actions.hold.bind(world.ports.actions);
    Object.assign(world.ports.actions, {
      hold: async (held: HealingAction) => {
        const result = await hold(held);
        world.api.delete(at('HealingAction', 'heal'));
        return result;
      },
    });
    expect(outcomeOf(await tryEffect(world, action))).toBe('Deleted');
    expect(world.cluster.seen).toEqual([]);
    expect(claim()).toBeUndefined();
  });

  test('or any other edit that comes before the claim is looked at first', async () => {
    const hold = world.ports.actions.hold.bind(world.ports.actions);
    let edits = 0;
    Object.assign(world.ports.actions, {
      hold: async (held: HealingAction) => {
        const result = await hold(held);
        if ((edits += 1) === 1)
          world.editAction(action, (object) => ({
            ...object,
            metadata: { ...object.metadata, generation: (object.metadata.generation ?? 0) + 1 },
            spec: { ...object.spec, expiresAt: new Date(Date.now() - 1_000).toISOString() },
          }));
        return result;
      },
    });
    expect(outcomeOf(await tryEffect(world, action))).toBe('conflict');
    expect(claim()).toBeUndefined();
    expect(outcomeOf(await tryEffect(world, action))).toBe('Expired');
    expect(world.cluster.seen).toEqual([]);
  });

  test('that leaves nothing to be held means no effect', async () => {
    const hold = world.ports.actions.hold.bind(world.ports.actions);
    Object.assign(world.ports.actions, {
      hold: async (held: HealingAction) => {
        world.api.delete(at('HealingAction', 'heal'));
        return hold(held);
      },
    });
    expect(outcomeOf(await tryEffect(world, action))).toBe('Deleted');
    expect(world.cluster.seen).toEqual([]);
  });

  test('that comes after the claim waits for the effect to be finished', async () => {
    world.cluster.meanwhile = () => {
      world.api.delete(at('HealingAction', 'heal'));
    };
    expect(outcomeOf(await tryEffect(world, action))).toBe('executed');
    expect(world.the(action).metadata.deletionTimestamp).toBeDefined();
  });
});

describe('the finalizer of an attempt that does not come to its claim', () => {
  const END = { reason: 'Refused', message: 'protected by now' } as const;
  const finalizers = () => world.the(action).metadata.finalizers ?? [];
  const protectPods = (): void => {
    world.editPolicy((spec) => ({
      ...spec,
      safetyRules: { protectedResources: [{ apiVersion: 'v1', kind: 'Pod', excludeNames: ['cart-*'] }] },
    }));
  };

  test('goes with the end of the healing', async () => {
    protectPods();
    expect(outcomeOf(await tryEffect(world, action))).toBe('drifted');
    expect([finalizers(), claim()]).toEqual([[FINALIZER], undefined]);
    await report(world.ports, action, END, now);
    expect(finalizers()).toEqual([]);
  });

  test('is not set any more when it arrives after the end', async () => {
    const gate = Promise.withResolvers<undefined>();
    const hold = world.ports.actions.hold.bind(world.ports.actions);
    let late: ReturnType<typeof hold> | undefined;
    Object.assign(world.ports.actions, {
      hold: (held: HealingAction) => (late = gate.promise.then(() => hold(held))),
    });
    protectPods();
    expect(outcomeOf(await tryEffect(world, action))).toBe('drifted');
    await report(world.ports, action, END, now);
    gate.resolve(undefined);
    expect(await late).toBe('conflict');
    expect(finalizers()).toEqual([]);
  });
});

describe('two attempts at a time', () => {
  test('have one effect, whoever comes first', async () => {
    const results = await Promise.allSettled([
      tryEffect(world, action),
      tryEffect(world, action),
      tryEffect(world, action),
    ]);
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(world.cluster.effects).toHaveLength(1);
  });

  /** Stops the first write at the door of the API server until `wake`. */
  const sleeper = (): { readonly asleep: Promise<void>; readonly wake: () => void } => {
    const reached = Promise.withResolvers<undefined>();
    const gate = Promise.withResolvers<undefined>();
    let first = true;
    world.cluster.meanwhile = async () => {
      if (!first) return;
      first = false;
      reached.resolve(undefined);
      await gate.promise;
    };
    return {
      asleep: reached.promise,
      wake: () => {
        gate.resolve(undefined);
      },
    };
  };

  test('a sleeper that wakes after the other has acted does nothing', async () => {
    const { asleep, wake } = sleeper();
    const slow = tryEffect(world, action);
    await asleep;
    expect(outcomeOf(await tryEffect(world, action))).toBe('executed');
    wake();
    expect(outcomeOf(await slow)).toBe('conflict');
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('a sleeper that wakes after the action was given up does nothing', async () => {
    const { asleep, wake } = sleeper();
    const slow = tryEffect(world, action);
    await asleep;
    world.editPolicy((spec) => ({ ...spec, mode: 'monitor' }));
    expect(outcomeOf(await tryEffect(world, action))).toBe('Refused');
    expect(claim()).toBeUndefined(); // certainly nothing happened

    wake();
    expect(outcomeOf(await slow)).toBe('conflict');
    expect(world.cluster.effects).toHaveLength(0);
  });

  test('a sleeper cannot act under a claim that another attempt has made since', async () => {
    let other: Promise<ExecutionResult> | undefined;
    const hold = world.ports.actions.hold.bind(world.ports.actions);
    Object.assign(world.ports.actions, {
      hold: async (held: HealingAction) => {
        if (other === undefined) {
          world.cluster.fault = () => 'lost';
          other = tryEffect(world, action);
          await expect(other).rejects.toThrow('lost');
          world.cluster.fault = () => undefined;
        }
        return hold(held);
      },
    });
    expect(outcomeOf(await tryEffect(world, action))).toBe('conflict');
    expect(world.cluster.effects).toHaveLength(0);
  });

  /** Stops the first attempt between its finalizer and its claim, where it looks at the workload, until `wake`. */
  const beforeClaim = (): { readonly asleep: Promise<void>; readonly wake: () => void } => {
    const reached = Promise.withResolvers<undefined>();
    const gate = Promise.withResolvers<undefined>();
    const list = world.cluster.list.bind(world.cluster);
    let first = true;
    Object.assign(world.cluster, {
      list: async (...args: Parameters<typeof list>) => {
        if (first && (world.the(action).metadata.finalizers ?? []).length > 0) {
          first = false;
          reached.resolve(undefined);
          await gate.promise;
        }
        return list(...args);
      },
    });
    return {
      asleep: reached.promise,
      wake: () => {
        gate.resolve(undefined);
      },
    };
  };
  /** A read that comes after the finalizer is set: the list of the workload is asked for only then. */
  const slowAttempt = async (): Promise<{ readonly slow: Promise<ExecutionResult>; readonly wake: () => void }> => {
    world.editAction(action, (object) => ({
      ...object,
      metadata: { ...object.metadata, finalizers: [FINALIZER] },
    }));
    const { asleep, wake } = beforeClaim();
    const slow = tryEffect(world, action);
    await asleep;
    return { slow, wake };
  };

  test('a sleeper that wakes between finalizer and claim does not act under the claim of another', async () => {
    const { slow, wake } = await slowAttempt();
    world.cluster.fault = () => 'lost';
    await expect(tryEffect(world, action)).rejects.toThrow('lost');
    world.cluster.fault = () => undefined;
    wake();
    expect(outcomeOf(await slow)).toBe('conflict');
    expect(world.cluster.effects).toHaveLength(0);
  });

  test('a sleeper that wakes between finalizer and claim does not act for an action that has ended', async () => {
    const { slow, wake } = await slowAttempt();
    await report(world.ports, action, { reason: 'Expired', message: 'too late' }, now);
    wake();
    expect(outcomeOf(await slow)).toBe('Refused');
    expect(world.cluster.seen).toEqual([]);
  });

  test('a sleeper that wakes between finalizer and claim does not act for a plan that was replaced', async () => {
    const { slow, wake } = await slowAttempt();
    world.editAction(action, (object) => ({ ...object, status: { ...object.status, planDigest: 'f'.repeat(32) } }));
    wake();
    expect(outcomeOf(await slow)).toBe('drifted');
    expect(world.cluster.seen).toEqual([]);
  });

  test('an attempt whose write was refused does not take back a claim that another one relies on by now', async () => {
    const { asleep, wake } = sleeper();
    const first = tryEffect(world, action);
    await asleep;
    const second = sleeper(); // the first is past its door already
    const later = tryEffect(world, action);
    await second.asleep;
    world.cluster.refusal = 'denied';
    wake();
    expect(outcomeOf(await first)).toBe('blocked');
    expect(claim()).toBeDefined();
    world.cluster.refusal = undefined;
    second.wake();
    expect(outcomeOf(await later)).toBe('executed');
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('a sleeper that wakes after its time claims nothing', async () => {
    await expect(tryEffect(world, action, {}, { deadline: Date.now() - 1 })).rejects.toThrow('too late');
    expect(claim()).toBeUndefined();
    expect(world.cluster.seen).toEqual([]);
  });

  test('a sleeper whose plan was replaced does nothing', async () => {
    const digest = world.the(action).status?.planDigest;
    world.editAction(action, (object) => ({ ...object, status: { ...object.status, planDigest: 'f'.repeat(32) } }));
    expect(digest).not.toBe('f'.repeat(32));
    const late = await execute(world.ports, action, digest ?? '', { tries: 1, claim: 1, dryRun: false }, attempt());
    expect(outcomeOf(late)).toBe('drifted');
    expect(world.cluster.seen).toEqual([]);
  });
});
