import { beforeEach, describe, expect, test } from '@jest/globals';
import { MESSAGES } from '../../../src/api/temporal-names.ts';
import type { ReservationRequest } from '../../../src/domain/ledger.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { benchForTests, type Healing, type HealingLane } from '../../support/healing-bench.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';

const bench = benchForTests();
let lane: HealingLane;
let world: MemoryWorld;
let action: ObjectRef;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
  lane = await bench.open(world);
});

const gone = (): boolean => world.api.find(at('HealingAction', action.name)) === undefined;
/** As somebody deletes it, and the watcher tells. */
const deletes = async (healing: Healing): Promise<void> => {
  world.api.delete(at('HealingAction', action.name));
  await healing.handle.signal(MESSAGES.deletionRequested);
};

describe.each<[string, string, (healing: Healing) => Promise<unknown>]>([
  ['a deletion', 'Deleted', deletes],
  ['a cancellation in the UI', 'Aborted', (healing) => healing.handle.cancel()],
])('%s', (_name, reason, stop) => {
  test('while a person is waited for means that nothing is done', async () => {
    action = world.action({ approvalRequired: true });
    const healing = await lane.start(action);
    await healing.reaches('AwaitingApproval');
    await stop(healing);
    expect(await healing.outcome()).toMatchObject({ reason });
    expect(world.cluster.written).toEqual([]);
  });

  test('while a slot is waited for means that nothing is done', async () => {
    world.policy({ safetyRules: { maxActionsPerHour: 1 } }, 'scarce');
    const policyRef = { name: 'scarce', namespace: 'shop' };
    await (await lane.start(world.action({ policyRef }, 'first'))).outcome();
    action = world.action({ policyRef });
    const healing = await lane.start(action);
    await healing.reaches('AwaitingReservation');
    await stop(healing);
    expect(await healing.outcome()).toMatchObject({ reason });
    expect(world.cluster.effects).toHaveLength(1);
  });

  test('between two tries means that no other is made', async () => {
    world.cluster.budget = 'no';
    const name = world.pods('cart')[0]?.metadata.name ?? '';
    action = world.action({
      targetResource: { apiVersion: 'v1', kind: 'Pod', name },
      retryPolicy: { maxAttempts: 5, backoffDelay: '1m', backoffMultiplier: 1 },
    });
    const healing = await lane.start(action);
    await healing.reaches('Executing');
    await new Promise<void>((resolve) => {
      world.cluster.meanwhile = ({ type }) => {
        if (type === 'evict') resolve();
      };
      if (world.cluster.seen.some(({ write }) => write.type === 'evict')) resolve();
    });
    await stop(healing);
    expect(await healing.outcome()).toMatchObject({ reason });
    expect(world.cluster.effects).toEqual([]);
    expect(gone() || (world.the(action).metadata.finalizers ?? []).length === 0).toBe(true);
  });

  test('after a slot was had means that nothing is done', async () => {
    action = world.action();
    const reserve = world.ports.ledger.reserve.bind(world.ports.ledger);
    const healing = Promise.withResolvers<Healing>();
    Object.assign(world.ports.ledger, {
      reserve: async (request: ReservationRequest) => {
        const answer = await reserve(request);
        await stop(await healing.promise);
        return answer;
      },
    });
    healing.resolve(await lane.start(action));
    expect(await (await healing.promise).outcome()).toMatchObject({ reason });
    expect(world.cluster.effects).toEqual([]);
    expect(world.ledger.leases).toEqual({});
  });

  test('after the effect ends in proof all the same, and the finalizer goes', async () => {
    action = world.action();
    const acted = Promise.withResolvers<undefined>();
    world.cluster.meanwhile = () => {
      acted.resolve(undefined);
    };
    const healing = await lane.start(action);
    await acted.promise;
    await stop(healing);
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(world.cluster.effects).toHaveLength(1);
    expect(gone()).toBe(reason === 'Deleted');
  });
});

test('an action that is written and then deleted just before its claim is deleted, and no case for a person', async () => {
  action = world.action();
  const healing = Promise.withResolvers<Healing>();
  let holds = 0;
  Object.assign(world.ports.actions, {
    hold: async () => {
      holds += 1;
      await deletes(await healing.promise);
      return 'conflict'; // as the API server answered before the deletion
    },
  });
  await lane.close();
  lane = await bench.open(world);
  healing.resolve(await lane.start(action));
  expect(await (await healing.promise).outcome()).toMatchObject({ reason: 'Deleted' });
  expect(holds).toBe(1);
  expect(world.cluster.seen).toEqual([]);
  expect(world.ledger.leases).toEqual({});
});

test('an action that was torn away after its effect ends, and its slot counts', async () => {
  action = world.action();
  world.cluster.meanwhile = () => {
    world.cluster.meanwhile = () => undefined;
    setTimeout(() => {
      world.editAction(action, (object) => ({ ...object, metadata: { ...object.metadata, finalizers: [] } }));
      world.api.delete(at('HealingAction', action.name));
    }, 200);
  };
  world.editPolicy((spec) => ({ ...spec, verification: { stabilizationWindow: '1s', timeout: '3s' } }));
  const healing = await lane.start(action);
  expect(await healing.outcome()).toMatchObject({ reason: 'NotHealed' });
  expect(world.ledger).toEqual(
    expect.objectContaining({ leases: {}, settled: [expect.objectContaining({ id: action.uid })] }),
  );
});

describe('an action that expires', () => {
  const soon = () => new Date(Date.now() + 3_000).toISOString();

  test('while a slot is waited for ends then, and does nothing', async () => {
    world.policy({ safetyRules: { maxActionsPerHour: 1 } }, 'scarce');
    const policyRef = { name: 'scarce', namespace: 'shop' };
    await (await lane.start(world.action({ policyRef }, 'first'))).outcome();
    const effects = world.cluster.effects.length;
    const healing = await lane.start(world.action({ policyRef, expiresAt: soon() }));
    expect(await healing.outcome()).toMatchObject({ reason: 'Expired' });
    expect(world.cluster.effects).toHaveLength(effects);
  });

  test('while a person is waited for ends then, and does nothing', async () => {
    const healing = await lane.start(world.action({ approvalRequired: true, expiresAt: soon() }));
    expect(await healing.outcome()).toMatchObject({ reason: 'Expired' });
    expect(world.cluster.effects).toEqual([]);
  });
});

/** As while the controller is down. */
describe('an action that goes without anybody telling its workflow', () => {
  test('while it is analyzed ends, instead of waiting for a person', async () => {
    Object.assign(world.ports, {
      analyzer: {
        name: 'slow',
        analyze: async () => {
          world.api.delete(at('HealingAction', action.name));
          return { option: 1, confidence: 0, reasons: ['nothing is left to be done'] };
        },
      },
    });
    lane = await bench.open(world);
    action = world.action();
    const healing = await lane.start(action);
    expect(await healing.outcome()).toMatchObject({ reason: 'Deleted' });
    expect(world.cluster.written).toEqual([]);
    expect(world.ledger.leases).toEqual({});
  });

  test('while a slot is waited for ends with the next answer', async () => {
    world.policy({ safetyRules: { maxActionsPerHour: 1 } }, 'scarce');
    const policyRef = { name: 'scarce', namespace: 'shop' };
    await (await lane.start(world.action({ policyRef }, 'first'))).outcome();
    const { ledger } = world.ports;
    Object.assign(world.ports, {
      ledger: {
        ...ledger,
        reserve: async (request: ReservationRequest) => {
          const answer = await ledger.reserve(request);
          return answer.granted ? answer : { ...answer, retryAfterMs: 300 };
        },
      },
    });
    lane = await bench.open(world);
    action = world.action({ policyRef });
    const healing = await lane.start(action);
    await healing.reaches('AwaitingReservation');
    world.api.delete(at('HealingAction', action.name));
    expect(await healing.outcome()).toMatchObject({ reason: 'Deleted' });
    expect(world.cluster.effects).toHaveLength(1);
  });
});
