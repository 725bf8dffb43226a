import { beforeEach, describe, expect, test } from '@jest/globals';
import { MESSAGES } from '../../../src/api/temporal-names.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { eventually } from '../../support/eventually.ts';
import { benchForTests, type Healing, type HealingLane } from '../../support/healing-bench.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';

const bench = benchForTests();
let lane: HealingLane;
let world: MemoryWorld;
let action: ObjectRef;
let healing: Healing;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart', { replicas: 3 });
  lane = await bench.open(world);
});

const restart = async (timeout = '10m'): Promise<void> => {
  const template = { name: 'again', type: 'restart', restartAction: { strategy: 'graceful' } } as const;
  world.policy({ actions: [template], verification: { stabilizationWindow: '1s', timeout: '5s' } });
  action = world.action({ action: template, timeout });
  healing = await lane.start(action);
};
const evictions = (): readonly string[] =>
  world.cluster.effects.flatMap(({ write }) => (write.type === 'evict' ? [write.uid] : []));
/** The pods that there are now stay after they were evicted, until they are let go. */
const linger = (): void => {
  for (const { metadata } of world.pods('cart'))
    world.api.edit(at('Pod', metadata.name), (pod) => ({
      ...pod,
      metadata: { ...pod.metadata, finalizers: ['a/slow-end'] },
    }));
};
const letGo = (uid: string | undefined): void => {
  const pod = world.pods('cart').find(({ metadata }) => metadata.uid === uid);
  world.api.edit(at('Pod', pod?.metadata.name ?? ''), (object) => ({
    ...object,
    metadata: { ...object.metadata, finalizers: [] },
  }));
};

describe('a graceful restart', () => {
  test('goes from pod to pod and is healed when all are replaced', async () => {
    const before = world.pods('cart').map(({ metadata }) => metadata.uid);
    await restart();
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(evictions().toSorted()).toEqual(before.toSorted());
    expect(world.the(action).status).toMatchObject({ attempts: 1 });
  });

  test('is not healed as long as the last pod is on its way out', async () => {
    linger();
    await restart();
    for (const done of [1, 2, 3]) {
      await eventually(() => {
        expect(evictions()).toHaveLength(done);
      }, 20_000);
      if (done < 3) letGo(evictions().at(-1));
    }
    await healing.reaches('Verifying');
    const [, , last] = evictions();
    expect(world.pods('cart').map(({ metadata }) => metadata.uid)).toContain(last);
    letGo(last);
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
  });

  test('that cannot go on in time needs a human, who is told how far it got', async () => {
    world.badImages.add('web:1'); // what comes does not become Ready
    await restart('5s');
    expect(await healing.outcome()).toMatchObject({
      reason: 'NeedsHuman',
      message: expect.stringContaining('given up in the middle, 1 of 3 pods are evicted'),
    });
    expect(evictions()).toHaveLength(1);
  });

  test('that is cancelled in the middle evicts no further pod', async () => {
    linger();
    await restart();
    await eventually(() => {
      expect(evictions()).toHaveLength(1);
    }, 20_000);
    await healing.handle.signal(MESSAGES.deletionRequested);
    expect(await healing.outcome()).toMatchObject({ reason: 'NeedsHuman', message: expect.stringMatching(/1 of 3/) });
    letGo(evictions()[0]);
    expect(evictions()).toHaveLength(1);
  });

  test('waits for room in a budget without using up tries', async () => {
    linger();
    await restart();
    await eventually(() => {
      expect(evictions()).toHaveLength(1);
    }, 20_000);
    world.cluster.budget = 'it would violate the budget';
    for (const { metadata } of world.pods('cart')) letGo(metadata.uid);
    await eventually(async () => {
      expect(await healing.details()).toContain('1 of 3 pods are evicted; it would violate the budget');
    }, 20_000);
    world.cluster.budget = undefined;
    expect(await healing.outcome()).toMatchObject({ reason: 'Healed' });
    expect(world.the(action).status?.attempts).toBe(1);
  });
});
