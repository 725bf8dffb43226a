import { beforeEach, describe, expect, test } from '@jest/globals';
import { MESSAGES } from '../../../src/api/temporal-names.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import { reserve } from '../../../src/domain/ledger.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { benchForTests, type Healing, type HealingLane } from '../../support/healing-bench.ts';
import { eventually } from '../../support/eventually.ts';
import { MemoryWorld } from '../../support/memory-world.ts';

const bench = benchForTests();
let lane: HealingLane;
let world: MemoryWorld;
let action: ObjectRef;
let healing: Healing;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy({ verification: { stabilizationWindow: '0s', timeout: '5s' }, safetyRules: { maxActionsPerHour: 1 } });
  lane = await bench.open(world);
});

/** The restart of a pod that a budget forbids. */
const blocked = async (maxAttempts = 1, over: Parameters<MemoryWorld['action']>[0] = {}): Promise<void> => {
  world.cluster.budget = 'it would violate the budget';
  const name = world.pods('cart')[0]?.metadata.name ?? '';
  action = world.action({
    targetResource: { apiVersion: 'v1', kind: 'Pod', name },
    retryPolicy: { maxAttempts, backoffDelay: '200ms', backoffMultiplier: 2 },
    ...over,
  });
  healing = await lane.start(action);
};
const operate = (command: string): Promise<string> =>
  healing.handle.executeUpdate(MESSAGES.operate, { args: [command] });
const executions = async (): Promise<number> => (await healing.steps()).filter((step) => step === 'execute').length;

describe('a try that is blocked', () => {
  test('is repeated as the retryPolicy says, and the effect comes once', async () => {
    await blocked(5);
    await eventually(() => {
      expect(world.the(action).status?.attempts).toBe(2);
    }, 10_000);
    world.cluster.budget = undefined;
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(world.the(action).status?.attempts).toBe(await executions());
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('is not repeated when no time is left for a try and its verification', async () => {
    await blocked(100, { timeout: '1500ms' });
    await healing.reaches('AwaitingOperator');
    expect(await executions()).toBeLessThan(5);
    await operate('abort');
    await healing.outcome();
  });
});

describe('when the tries are used up', () => {
  beforeEach(async () => {
    await blocked(2);
    await healing.reaches('AwaitingOperator');
  });

  test('a person is asked where people look, and nobody holds slot or lock meanwhile', async () => {
    expect(await executions()).toBe(2);
    await eventually(() => {
      expect(findCondition(world.the(action).status?.conditions, 'Executed')).toMatchObject({
        status: 'False',
        reason: 'AwaitingOperator',
      });
      expect(world.ledger.leases).toEqual({});
    });
    expect(world.ledger.settled).toEqual([]);
    expect(world.the(action).status?.phase).toBe('InProgress');
    await operate('abort');
    await healing.outcome();
  });

  test('retry tries again, under a new number, and with a slot of its own', async () => {
    world.cluster.budget = undefined;
    await operate('retry');
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(world.the(action).status).toMatchObject({ attempts: 3, claim: { attempt: 2 } });
    expect(world.cluster.effects).toHaveLength(1);
    expect(world.ledger.settled).toHaveLength(1);
  });

  test('retry waits for its turn when others have used the slots', async () => {
    world.cluster.budget = undefined;
    await eventually(() => {
      expect(world.ledger.leases).toEqual({}); // given back a moment after the operator is asked
    });
    const { state, answer } = reserve(
      world.ledger,
      { id: 'other', policy: 'shop/policy', target: 'Pod shop/other', maxActionsPerHour: 1, leaseMs: 60_000 },
      Date.now(),
    );
    expect(answer.granted).toBe(true);
    world.ledger = state;
    await operate('retry');
    await healing.reaches('AwaitingReservation');
    expect(world.cluster.effects).toEqual([]);
    await healing.handle.signal(MESSAGES.deletionRequested);
    expect(await healing.outcome()).toMatchObject({ reason: 'Deleted' });
  });

  test.each([
    ['abort', 'Aborted'],
    ['skip', 'Skipped'],
    ['rollback', 'Aborted'],
  ])('%s ends it without an effect', async (command, reason) => {
    expect(await operate(command)).toBe(`${command} is ordered`);
    expect(await healing.outcome()).toMatchObject({ reason });
    expect(world.cluster.effects).toEqual([]);
    expect(findCondition(world.the(action).status?.conditions, 'Executed')).toMatchObject({
      status: 'False',
      reason: 'ExecutionFailed',
      message: expect.stringContaining(`${command === 'skip' ? 'skipped' : command} by an operator`),
    });
    expect(world.the(action).status?.phase).toBe('Cancelled');
    expect(world.the(action).status?.claim).toBeUndefined();
    expect(world.the(action).metadata.finalizers ?? []).toEqual([]);
  });

  test('what is no command is ignored, and says so', async () => {
    await healing.handle.signal(MESSAGES.operate, 'Retry!');
    await healing.handle.signal(MESSAGES.operate, { command: 'retry' });
    await expect(operate('please')).rejects.toMatchObject({
      cause: { message: 'say retry, skip, rollback or abort' },
    });
    await eventually(async () => {
      expect(await healing.details()).toContain('a signal "operate"');
    });
    await healing.reaches('AwaitingOperator');
    await operate('abort');
    await healing.outcome();
  });

  test('a deletion does not wait for the operator', async () => {
    await healing.handle.signal(MESSAGES.deletionRequested);
    expect(await healing.outcome()).toMatchObject({ reason: 'Deleted' });
    expect(world.the(action).metadata.finalizers ?? []).toEqual([]);
  });
});

test('a command that comes before anybody was asked is ignored', async () => {
  await blocked(20);
  await healing.reaches('Executing');
  await healing.handle.signal(MESSAGES.operate, 'abort');
  await expect(operate('abort')).rejects.toMatchObject({ cause: { message: 'no operator is waited for now' } });
  world.cluster.budget = undefined;
  expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
});

test('a command in the very moment in which a person is asked counts', async () => {
  const update = world.ports.actions.update.bind(world.ports.actions);
  Object.assign(world.ports.actions, {
    update: async (...args: Parameters<typeof update>) => {
      const updated = await update(...args);
      const asked = findCondition(updated?.status?.conditions, 'Executed')?.reason === 'AwaitingOperator';
      if (asked && world.cluster.budget !== undefined) {
        world.cluster.budget = undefined;
        await operate('retry');
      }
      return updated;
    },
  });
  await blocked(1);
  expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
});
