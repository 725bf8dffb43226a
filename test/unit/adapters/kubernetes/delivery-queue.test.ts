import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import type { KubeObject } from '../../../../src/api/meta.ts';
import { DeliveryQueue, type DeliveryOptions } from '../../../../src/adapters/kubernetes/delivery-queue.ts';
import type { ObjectChange } from '../../../../src/ports/object-watch.ts';
import { eventually } from '../../../support/eventually.ts';

const object = (name: string, version: number, uid = name): KubeObject => ({
  metadata: { namespace: 'default', name, uid, resourceVersion: String(version) },
});
const queueOf = (
  deliver: DeliveryOptions<KubeObject>['deliver'],
  options: Partial<DeliveryOptions<KubeObject>> = {},
): DeliveryQueue<KubeObject> =>
  new DeliveryQueue<KubeObject>({
    deliver,
    onFailure: () => undefined,
    backoffBaseMs: 1,
    backoffCapMs: 5,
    concurrency: 4,
    ...options,
  });
const told = ({ type, object: { metadata } }: ObjectChange<KubeObject>): string =>
  `${type} ${metadata.uid}@${metadata.resourceVersion}`;

describe('DeliveryQueue', () => {
  test('hands over nothing within the call that offers', async () => {
    const log: string[] = [];
    const queue = queueOf((change) => void log.push(told(change)));
    queue.offer(object('a', 1));
    expect(log).toEqual([]);
    await queue.attempted();
    expect(log).toEqual(['added a@1']);
  });

  test('keeps only the latest state of what waits', async () => {
    const log: string[] = [];
    const queue = queueOf((change) => void log.push(told(change)));
    for (let version = 1; version <= 100; version++) queue.offer(object('a', version));
    await queue.attempted();
    expect(log).toEqual(['added a@100']);
    queue.offer(object('a', 101));
    queue.offerDeleted(object('a', 102), false);
    await queue.attempted();
    expect(log).toEqual(['added a@100', 'deleted a@102']);
    expect(queue.depth).toBe(0);
  });

  test('never drops a deletion, even of what was not handed over', async () => {
    const log: string[] = [];
    const queue = queueOf((change) => void log.push(told(change)));
    queue.offer(object('a', 1));
    queue.offerDeleted(object('a', 2), true);
    await queue.attempted();
    expect(log).toEqual(['deleted a@2']);
  });

  test('ends one object before it begins its successor of the same name', async () => {
    const log: string[] = [];
    let failures = 3;
    const queue = queueOf((change) => {
      if (change.type === 'deleted' && failures-- > 0) throw new Error('not yet');
      log.push(told(change));
    });
    queue.offer(object('a', 1, 'old'));
    await queue.attempted();
    queue.offerDeleted(object('a', 2, 'old'), true);
    queue.offer(object('a', 3, 'new'));
    await eventually(() => {
      expect(log).toEqual(['added old@1', 'deleted old@2', 'added new@3']);
    });
  });

  test('runs one delivery per name and a bounded number at once', async () => {
    let running = 0;
    let most = 0;
    const busy = new Set<string>();
    const queue = queueOf(
      async ({ object: { metadata } }) => {
        expect(busy.has(metadata.name)).toBe(false);
        busy.add(metadata.name);
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setTimeout(resolve, 1));
        running -= 1;
        busy.delete(metadata.name);
      },
      { concurrency: 3 },
    );
    for (let index = 0; index < 60; index++) queue.offer(object(`object-${index % 20}`, index));
    await queue.attempted();
    expect(most).toBe(3);
    expect(running).toBe(0);
  });

  test('a delivery that hangs holds up only its own name', async () => {
    const log: string[] = [];
    const queue = queueOf((change) => {
      if (change.object.metadata.name === 'stuck') return new Promise<void>(() => undefined);
      log.push(told(change));
      return undefined;
    });
    queue.offer(object('stuck', 1));
    for (let index = 0; index < 10; index++) queue.offer(object(`object-${index}`, index));
    await eventually(() => {
      expect(log).toHaveLength(10);
    });
    expect(queue.depth).toBe(1);
  });

  test('leaves the event loop free under a large backlog', async () => {
    let now = 0;
    const clock = jest.spyOn(performance, 'now').mockImplementation(() => ++now); // a delivery takes a millisecond
    let delivered = 0;
    let most = 0;
    const queue = queueOf(() => void (delivered += 1), { concurrency: 32 });
    for (let index = 0; index < 20_000; index++) queue.offer(object(`object-${index}`, 1));
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      most = Math.max(most, delivered);
      delivered = 0;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    await queue.attempted();
    clearImmediate(next);
    clock.mockRestore();
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(10); // the milliseconds of a turn
    expect(turns).toBeGreaterThanOrEqual(2_000);
  });

  test('begins nothing after the stop and waits for what runs', async () => {
    const log: string[] = [];
    const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<undefined>();
    const queue = queueOf(
      async (change) => {
        begin(undefined);
        await ended;
        log.push(told(change));
      },
      { concurrency: 1 },
    );
    queue.offer(object('a', 1));
    queue.offer(object('b', 1));
    await begun;
    const stopped = queue.stop();
    end(undefined);
    await stopped;
    expect(log).toEqual(['added a@1']);
    queue.offer(object('c', 1));
    expect(queue.depth).toBe(1); // b, which nobody will take
  });

  test('whatever fails and however offers interleave, the reader ends with the last state, told in order', async () => {
    const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), act: fc.constantFrom('put', 'delete', 'wait') });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.infiniteStream(fc.boolean()), async (steps, fails) => {
        const seen = new Map<string, number>(); // uid → version, as the reader knows it
        const queue = queueOf(async (change) => {
          const { uid, resourceVersion } = change.object.metadata;
          const version = Number(resourceVersion);
          if (fails.next().value === true) throw new Error('not now');
          expect(version).toBeGreaterThan(seen.get(uid) ?? 0);
          if (change.type === 'updated') expect(Number(change.previous.metadata.resourceVersion)).toBe(seen.get(uid));
          if (change.type === 'added') expect(seen.has(uid)).toBe(false);
          if (change.type === 'deleted') seen.delete(uid);
          else seen.set(uid, version);
        });
        const truth = new Map<string, { uid: string; version: number }>();
        let version = 0;
        for (const { name, act } of steps) {
          version += 1;
          const known = truth.get(name);
          if (act === 'wait') await new Promise((resolve) => setImmediate(resolve));
          else if (act === 'put') {
            const uid = known?.uid ?? `${name}-${version}`;
            truth.set(name, { uid, version });
            queue.offer(object(name, version, uid));
          } else if (known !== undefined) {
            truth.delete(name);
            queue.offerDeleted(object(name, version, known.uid), false);
          }
        }
        await eventually(() => {
          expect(queue.depth).toBe(0);
        });
        expect(Object.fromEntries(seen)).toEqual(
          Object.fromEntries([...truth.values()].map(({ uid, version: last }) => [uid, last])),
        );
        await queue.stop();
      }),
      { numRuns: 60 },
    );
  });
});
