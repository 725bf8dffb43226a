import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { takeLease, type Lease } from '../../../activities/lease.ts';
import { MemoryWorld } from '../../support/memory-world.ts';
import { accepted, tryEffect } from '../../support/steps.ts';

let lease: Lease | undefined;
afterEach(() => {
  lease?.end();
  jest.useRealTimers();
});

describe('a lease', () => {
  test('counts from before the heartbeat was sent, not from its answer', async () => {
    const answer = Promise.withResolvers<undefined>();
    const before = Date.now();
    lease = takeLease(() => answer.promise, 6_000);
    const after = Date.now();
    expect(lease.until).toBe(0);
    answer.resolve(undefined);
    await lease.confirmed;
    expect(lease.until).toBeGreaterThanOrEqual(before + 4_500);
    expect(lease.until).toBeLessThanOrEqual(after + 4_500);
  });

  test('is prolonged while it is confirmed, and not any more when it is not', async () => {
    jest.useFakeTimers();
    let alive = true;
    let refused = 0;
    const began = Date.now();
    lease = takeLease(async () => {
      if (alive) return;
      refused += 1;
      throw new Error('not found');
    }, 6_000);
    await lease.confirmed;
    expect(lease.until).toBe(began + 4_500);
    await jest.advanceTimersByTimeAsync(2_000);
    expect(lease.until).toBe(began + 6_500);
    alive = false;
    await jest.advanceTimersByTimeAsync(5_000);
    expect(refused).toBe(5);
    expect(lease.until).toBe(began + 6_500);
  });
});

describe('an attempt', () => {
  const world = async () => {
    const made = new MemoryWorld();
    made.deploy('cart');
    made.policy();
    const action = made.action();
    await accepted(made, action);
    return { made, action };
  };
  const held = { confirmed: Promise.resolve(), until: Date.now() + 60_000 };

  test('that Temporal does not confirm claims nothing', async () => {
    const { made, action } = await world();
    const confirmed = Promise.reject<undefined>(new Error('activity task not found'));
    confirmed.catch(() => undefined);
    await expect(tryEffect(made, action, {}, { lease: { confirmed, until: 0 } })).rejects.toMatchObject({
      code: 'Unavailable',
      message: expect.stringContaining('does not confirm'),
    });
    expect(made.the(action).status?.claim).toBeUndefined();
    expect(made.cluster.seen).toEqual([]);
  });

  test('whose lease ran out claims nothing, also when it runs out while somebody else writes', async () => {
    const { made, action } = await world();
    await expect(tryEffect(made, action, {}, { lease: { ...held, until: Date.now() - 1 } })).rejects.toThrow(
      /too late/,
    );

    const late = { ...held };
    const update = made.ports.actions.update.bind(made.ports.actions);
    Object.assign(made.ports.actions, {
      update: (...[from, change]: Parameters<typeof update>) => {
        late.until = Date.now() - 1;
        return update(from, change);
      },
    });
    await expect(tryEffect(made, action, {}, { lease: late })).rejects.toThrow(/too late/);
    expect(made.the(action).status?.claim).toBeUndefined();
    expect(made.cluster.seen).toEqual([]);
  });

  test('under a lease that holds has its effect', async () => {
    const { made, action } = await world();
    expect(await tryEffect(made, action, {}, { lease: held })).toMatchObject({ result: 'executed' });
  });
});
