import { beforeEach, describe, expect, test } from '@jest/globals';
import type { HealingActionSpec } from '../../../src/api/healing-action.ts';
import { MESSAGES } from '../../../src/api/temporal-names.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { eventually } from '../../support/eventually.ts';
import { benchForTests, type Healing, type HealingLane } from '../../support/healing-bench.ts';
import { MemoryWorld } from '../../support/memory-world.ts';

const WHY = 'it would violate the budget';

const bench = benchForTests();
let lane: HealingLane;
let world: MemoryWorld;
let action: ObjectRef;
let healing: Healing;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy({ verification: { stabilizationWindow: '1s', timeout: '5s' } });
  lane = await bench.open(world);
});

/** The restart of a pod that a budget forbids. */
const blocked = async (retryPolicy: HealingActionSpec['retryPolicy'], timeout = '10m'): Promise<void> => {
  world.cluster.budget = WHY;
  const name = world.pods('cart')[0]?.metadata.name ?? '';
  const targetResource = { apiVersion: 'v1', kind: 'Pod', name };
  action = world.action({ targetResource, timeout, ...(retryPolicy === undefined ? {} : { retryPolicy }) });
  healing = await lane.start(action);
};
const status = () => world.the(action).status;
const executed = () => findCondition(status()?.conditions, 'Executed');
const abort = async (): Promise<void> => {
  await healing.handle.executeUpdate(MESSAGES.operate, { args: ['abort'] });
  await healing.outcome();
};

/** Milliseconds from the end of every try to the beginning of the next, by Temporal's clock. */
const pauses = async (): Promise<number[]> => {
  const { events = [] } = await healing.handle.fetchHistory();
  const ms = (time: { seconds?: unknown; nanos?: number | null } | null | undefined): number =>
    Number(time?.seconds ?? 0) * 1_000 + (time?.nanos ?? 0) / 1e6;
  const tries = (events ?? []).filter(
    ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name === 'execute',
  );
  const ends = (events ?? []).filter(({ activityTaskCompletedEventAttributes: completed }) =>
    tries.some(({ eventId }) => String(eventId) === String(completed?.scheduledEventId)),
  );
  return tries.slice(1).map(({ eventTime }, index) => ms(eventTime) - ms(ends[index]?.eventTime));
};

describe('a try that failed', () => {
  test('stands in the status: how many there were, why, and when the next one comes', async () => {
    const before = Date.now();
    await blocked({ maxAttempts: 3, backoffDelay: '5m', backoffMultiplier: 3 });
    await eventually(() => {
      expect(executed()).toMatchObject({ status: 'False', reason: 'Retrying' });
    }, 20_000);
    const [, next = ''] = /^try 1 of 3 failed: it would violate the budget; the next comes at (.+)$/.exec(
      executed()?.message ?? '',
    ) ?? [''];
    expect(Date.parse(next) - before).toBeGreaterThanOrEqual(300_000);
    expect(Date.parse(next) - Date.now()).toBeLessThanOrEqual(300_000);
    expect(status()).toMatchObject({ attempts: 1, phase: 'InProgress' });
    expect(Date.parse(status()?.lastAttemptTime ?? '')).toBeGreaterThanOrEqual(before);
    expect(world.events.map(({ reason }) => reason)).toContain('Retrying');
    await healing.handle.signal(MESSAGES.deletionRequested);
    expect(await healing.outcome()).toMatchObject({ reason: 'Deleted' });
  });

  test('is repeated so often and after such pauses as the retryPolicy says', async () => {
    await blocked({ maxAttempts: 4, backoffDelay: '200ms', backoffMultiplier: 2.5 });
    await healing.reaches('AwaitingOperator');
    const found = await pauses();
    expect(found).toHaveLength(3);
    // Not earlier; how much later is up to the machine.
    for (const [index, pause] of [200, 500, 1_250].entries()) expect(found[index]).toBeGreaterThanOrEqual(pause - 1);
    expect(status()?.attempts).toBe(4);
    expect(world.cluster.effects).toEqual([]);
    await abort();
  });

  test('is the last where one try is allowed', async () => {
    await blocked({ maxAttempts: 1 });
    await healing.reaches('AwaitingOperator');
    expect(await healing.steps()).not.toContain('reportRetry');
    expect(status()?.attempts).toBe(1);
    await abort();
  });

  test('is forgotten once another has succeeded', async () => {
    await blocked({ maxAttempts: 5, backoffDelay: '300ms', backoffMultiplier: 1 });
    await eventually(() => {
      expect(executed()?.reason).toBe('Retrying');
    }, 20_000);
    world.cluster.budget = undefined;
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(executed()).toMatchObject({ status: 'True', reason: 'Executed' });
    expect(world.cluster.effects).toHaveLength(1);
  });
});

test('no try is begun that would leave no time for its verification', async () => {
  await blocked({ maxAttempts: 100, backoffDelay: '400ms', backoffMultiplier: 1 }, '2s'); // of which 1 s is the window
  await healing.reaches('AwaitingOperator');
  expect(status()?.attempts).toBeLessThanOrEqual(3);
  const { startTime = '', lastAttemptTime = '' } = status() ?? {};
  expect(Date.parse(lastAttemptTime) - Date.parse(startTime)).toBeLessThan(2_000);
  await abort();
});
