import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { KubeObject } from '../../../../src/api/meta.ts';
import { WatchedObjects } from '../../../../src/adapters/kubernetes/watched-objects.ts';

const raw = (name: string, uid: string, version: number): KubeObject => ({
  metadata: { namespace: 'default', name, uid, resourceVersion: String(version) },
});

function watched(): { readonly objects: WatchedObjects<KubeObject>; readonly log: string[] } {
  const log: string[] = [];
  const objects = new WatchedObjects<KubeObject>({
    project: (object) => object,
    onState: ({ metadata }) => void log.push(`${metadata.uid}@${metadata.resourceVersion}`),
    onDeleted: ({ metadata }, unknown) => void log.push(`-${metadata.uid}${unknown ? '?' : ''}`),
    onStale: () => void log.push('stale'),
    onProjectionFailure: () => undefined,
  });
  return { objects, log };
}

describe('WatchedObjects', () => {
  test('what a full sync does not see is gone, but not while the sync is under way or came to nothing', () => {
    const { objects, log } = watched();
    objects.state(raw('a', 'u1', 1));
    objects.state(raw('b', 'u2', 2));
    objects.beginFullSync(false);
    objects.state(raw('a', 'u1', 1));
    expect(objects.store.size).toBe(2);
    objects.abandonFullSync();
    objects.endFullSync();
    expect(objects.store.size).toBe(2);

    objects.beginFullSync(false);
    objects.state(raw('a', 'u1', 1));
    objects.endFullSync();
    expect(log).toEqual(['u1@1', 'u2@2', '-u2?']);
  });

  test('an object that leaves the selection and comes back is there again', () => {
    const { objects, log } = watched();
    objects.state(raw('a', 'u1', 1));
    objects.deleted(raw('a', 'u1', 5));
    objects.state(raw('a', 'u1', 4));
    objects.state(raw('a', 'u1', 5));
    expect(objects.store.size).toBe(0);
    objects.state(raw('a', 'u1', 6));
    expect(log).toEqual(['u1@1', '-u1', 'stale', 'stale', 'u1@6']);
  });

  test('a full sync is right even where it tells an older version than the known one', () => {
    const { objects } = watched();
    objects.state(raw('a', 'u1', 100));
    objects.deleted(raw('a', 'u1', 101));
    objects.state(raw('b', 'u2', 102));
    objects.beginFullSync(true);
    objects.state(raw('a', 'u1', 7));
    objects.state(raw('b', 'u2', 8));
    objects.endFullSync();
    expect([...objects.store.values()].map(({ metadata }) => metadata.resourceVersion)).toEqual(['8', '7']);
  });

  test('also where nobody has noticed that the history is another one', () => {
    const { objects, log } = watched();
    objects.state(raw('a', 'u1', 100));
    objects.deleted(raw('a', 'u1', 101));
    objects.state(raw('b', 'u2', 102));
    objects.beginFullSync(false);
    objects.state(raw('a', 'u1', 7));
    objects.state(raw('b', 'u2', 8));
    objects.endFullSync();
    expect(log).toEqual(['u1@100', '-u1', 'u2@102', 'u1@7', 'u2@8']);
  });

  test('a deletion of an older incarnation does not touch its successor', () => {
    const { objects, log } = watched();
    objects.state(raw('a', 'u1', 1));
    objects.state(raw('a', 'u2', 3));
    objects.deleted(raw('a', 'u1', 2));
    expect(log).toEqual(['u1@1', '-u1?', 'u2@3']);
    expect(objects.store.byName('default', 'a')?.metadata.uid).toBe('u2');
    expect(objects.store.byUid('u1')).toBeUndefined();
  });

  test('events repeated and shuffled across objects lead to the truth', () => {
    const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), act: fc.constantFrom('put', 'put', 'delete') });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.infiniteStream(fc.nat({ max: 3 })), (steps, repeats) => {
        const truth = new Map<string, KubeObject>();
        const events: { readonly type: 'state' | 'deleted'; readonly object: KubeObject }[] = [];
        steps.forEach(({ name, act }, index) => {
          const version = index + 1;
          const known = truth.get(name);
          if (act === 'put') {
            const object = raw(name, known?.metadata.uid ?? `${name}-${version}`, version);
            truth.set(name, object);
            events.push({ type: 'state', object });
          } else if (known !== undefined) {
            truth.delete(name);
            events.push({ type: 'deleted', object: raw(name, known.metadata.uid, version) });
          }
        });
        const { objects } = watched();
        events.forEach((event, index) => {
          objects[event.type](event.object);
          // Anything that was told before may be told again at any time.
          const again = events[Math.max(0, index - repeats.next().value)];
          if (again !== undefined) objects[again.type](again.object);
        });
        expect([...objects.store.values()].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))).toEqual(
          [...truth.values()].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name)),
        );
      }),
    );
  });
});
