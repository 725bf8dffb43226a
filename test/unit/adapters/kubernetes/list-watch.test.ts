import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../../support/eventually.ts';
import { FakeApiServer, type Script } from '../../../support/fake-api-server.ts';
import { observe, type ObservedWatch, type ObserveOptions } from '../../../support/observed-watch.ts';

/** 200 and the end of the stream, without a byte. */
const endAtOnce: Script = (response) => {
  response.end();
};

let server: FakeApiServer;
let observed: ObservedWatch | undefined;

beforeEach(async () => {
  server = await FakeApiServer.start();
});
afterEach(async () => {
  await observed?.watch.stop();
  observed = undefined;
  await server.stop();
});

async function following(options: ObserveOptions = {}): Promise<ObservedWatch> {
  observed = observe(server, options);
  await observed.watch.ready;
  return observed;
}

describe('in order', () => {
  test('streams what exists, then follows the changes', async () => {
    server.put('a', { v: '1' });
    server.put('b', { v: '1' });
    const { watch, log, held } = await following();
    expect(watch.synced).toBe(true);
    expect(held()).toEqual({ a: '1', b: '1' });

    server.put('a', { v: '2' });
    server.put('c', { v: '1' });
    server.remove('b');
    await eventually(() => {
      expect(log()).toEqual(['added a', 'added b', 'updated a', 'added c', 'deleted b']);
    });
    expect(held()).toEqual({ a: '2', c: '1' });
    expect(server.count('list')).toBe(0);
    expect(server.count('initial-watch')).toBe(1);
    const query = server.requests[0]?.query;
    expect(query?.get('allowWatchBookmarks')).toBe('true');
    expect(query?.get('resourceVersionMatch')).toBe('NotOlderThan');
    expect(Number(query?.get('timeoutSeconds'))).toBeGreaterThanOrEqual(240);
  });

  test('hands over what was before, and the final state of what was deleted', async () => {
    server.put('a', { v: '1' });
    const { changes } = await following();
    await eventually(() => {
      expect(changes).toHaveLength(1);
    });
    server.put('a', { v: '2' });
    await eventually(() => {
      expect(changes).toHaveLength(2);
    });
    expect(changes[1]).toMatchObject({ type: 'updated', object: { data: { v: '2' } }, previous: { data: { v: '1' } } });
    server.remove('a');
    await eventually(() => {
      expect(changes).toHaveLength(3);
    });
    expect(changes[2]).toMatchObject({ type: 'deleted', finalStateUnknown: false, object: { data: { v: '2' } } });
    expect(changes[2]?.object.metadata.resourceVersion).toBe(server.version);
  });

  test('finds objects by uid and by name', async () => {
    const object = server.put('a');
    const { watch } = await following();
    expect(watch.byName('default', 'a')?.metadata.uid).toBe(object.metadata.uid);
    expect(watch.byUid(object.metadata.uid)?.metadata.name).toBe('a');
    expect(watch.byName('other', 'a')).toBeUndefined();
  });

  test('an object made again under the same name is a deletion and a new object, even when the deletion was missed', async () => {
    const first = server.put('a', { v: 'old' });
    const { changes, watch, log } = await following();
    await eventually(() => {
      expect(log()).toEqual(['added a']);
    });
    server.mute();
    server.remove('a');
    const second = server.put('a', { v: 'new' });
    server.unmute();
    server.compact(); // the deletion is not even in the history
    server.end();
    await eventually(() => {
      expect(log()).toEqual(['added a', 'deleted a', 'added a']);
    });
    expect(changes[1]?.object.metadata.uid).toBe(first.metadata.uid);
    expect(changes[1]).toMatchObject({ type: 'deleted', finalStateUnknown: true });
    expect(changes[2]?.object.metadata.uid).toBe(second.metadata.uid);
    expect(watch.byUid(first.metadata.uid)).toBeUndefined();
    expect(watch.byName('default', 'a')?.metadata.uid).toBe(second.metadata.uid);
  });

  test('is silent for as long as nothing comes, and bookmarks count', async () => {
    const { watch } = await following({ timings: { silenceMs: 60_000 } });
    await eventually(() => {
      expect(watch.silentForMs).toBeGreaterThan(50);
    });
    server.bookmark();
    await eventually(() => {
      expect(watch.silentForMs).toBeLessThan(50);
    });
  });

  test('tells that it has synced only after everything was handed over', async () => {
    for (let index = 0; index < 100; index++) server.put(`object-${index}`);
    const seen = await following();
    await eventually(() => {
      expect(seen.syncs).toBe(1);
    });
    expect(seen.changes).toHaveLength(100);
  });

  test('ends at once, whatever it is doing', async () => {
    server.mute();
    observed = observe(server, { timings: { headersTimeoutMs: 60_000, silenceMs: 60_000 } });
    await eventually(() => {
      expect(server.requests).toHaveLength(1);
    });
    const began = performance.now();
    await observed.watch.stop();
    expect(performance.now() - began).toBeLessThan(1_000);
  });

  test('hands nothing over after it was stopped', async () => {
    const { watch, changes } = await following();
    await watch.stop();
    server.put('a');
    await eventually(() => {
      expect(server.openStreams).toBe(0);
    });
    expect(changes).toHaveLength(0);
  });
});

describe('going on from the last version', () => {
  test('after a clean end, at once and without reading everything again', async () => {
    server.put('a');
    const { watch, log } = await following({
      timings: { shortStreamMs: 0, backoffBaseMs: 60_000, backoffCapMs: 60_000 },
    });
    const version = server.version;
    server.mute();
    server.put('b');
    server.unmute();
    server.end();
    await eventually(() => {
      expect(log()).toEqual(['added a', 'added b']);
    });
    expect(watch.stats().fullSyncs).toEqual({ start: 1 });
    expect(watch.stats().disconnects).toEqual({ closed: 1 });
    expect(server.requests.find(({ kind }) => kind === 'watch')?.query.get('resourceVersion')).toBe(version);
  });

  test('from a bookmark, where nothing of ours changed for long', async () => {
    const { watch } = await following({ timings: { shortStreamMs: 0 } });
    for (let index = 0; index < 50; index++) {
      server.put('elsewhere'); // raises the version
      server.remove('elsewhere');
    }
    server.compact();
    server.bookmark();
    await eventually(() => {
      expect(watch.stats().bookmarks).toBe(2);
    });
    server.end();
    await eventually(() => {
      expect(server.openStreams).toBe(1);
      expect(server.count('watch')).toBe(1);
    });
    expect(watch.stats().fullSyncs).toEqual({ start: 1 }); // an older version would have been refused
  });

  test('an event that was cut off is told again', async () => {
    const { watch, changes, held } = await following();
    server.mute();
    server.put('a', { v: 'whole' });
    server.unmute();
    server.end('{"type":"ADDED","object":{"metadata":{"name":"a","uid":"uid-1","resourceVersion":"101"');
    await eventually(() => {
      expect(changes).toHaveLength(1);
    });
    expect(held()).toEqual({ a: 'whole' });
    expect(watch.stats().disconnects).toEqual({ truncated: 1 });
    expect(watch.stats().fullSyncs).toEqual({ start: 1 });
  });

  test('events told twice, or late, change nothing', async () => {
    const first = server.put('a', { v: '1' });
    const { log, held, watch } = await following();
    server.put('a', { v: '2' });
    await eventually(() => {
      expect(held()).toEqual({ a: '2' });
    });
    const replay = `${JSON.stringify({ type: 'MODIFIED', object: first })}\n`;
    server.send(replay);
    server.send(replay);
    server.remove('a');
    server.send(replay); // must not bring it back
    server.put('b', { v: '1' });
    await eventually(() => {
      expect(log().at(-1)).toBe('added b');
    });
    expect(held()).toEqual({ b: '1' });
    expect(watch.stats().staleEvents).toBe(3);
    server.send(replay); // nor be the place to go on from
    server.end();
    await eventually(() => {
      expect(server.count('watch')).toBe(1);
    });
    expect(server.requests.find(({ kind }) => kind === 'watch')?.query.get('resourceVersion')).toBe(server.version);
  });

  test('a broken connection', async () => {
    server.put('a');
    const { watch, log } = await following();
    server.mute();
    server.put('b');
    server.unmute();
    server.reset();
    await eventually(() => {
      expect(log()).toEqual(['added a', 'added b']);
    });
    expect(watch.stats().disconnects.network).toBeGreaterThanOrEqual(1);
    expect(watch.stats().fullSyncs).toEqual({ start: 1 });
  });

  test('a connection that went dead without a word is noticed by its silence', async () => {
    server.put('a');
    const { watch, log } = await following({ timings: { silenceMs: 100 } });
    server.mute();
    server.put('b');
    await eventually(() => {
      expect(watch.stats().disconnects.silent).toBe(1);
    });
    server.unmute();
    await eventually(() => {
      expect(log()).toEqual(['added a', 'added b']);
    });
    expect(watch.stats().fullSyncs).toEqual({ start: 1 });
    expect(watch.stats().problem).toBeUndefined();
  });

  test('a quiet stream may be silent for longer after the initial events than before their end', async () => {
    const { watch } = await following({ timings: { initialSilenceMs: 80, silenceMs: 60_000 } });
    const began = performance.now();
    await eventually(() => {
      expect(performance.now() - began).toBeGreaterThan(300);
    });
    expect(watch.stats().disconnects).toEqual({});
  });

  test('and a dead one is noticed by the silence that holds now, not by the one that held before', async () => {
    const { watch } = await following({ timings: { initialSilenceMs: 60_000, silenceMs: 80 } });
    await eventually(() => {
      expect(watch.stats().disconnects.silent).toBeGreaterThanOrEqual(1);
    });
  });

  test('a server that ends every watch at once is not asked in a hot loop', async () => {
    const { watch } = await following({ timings: { shortStreamMs: 1_000, backoffBaseMs: 50, backoffCapMs: 50 } });
    const before = server.count('watch');
    server.next('watch', ...Array.from({ length: 1_000 }, () => endAtOnce));
    const began = performance.now();
    server.end();
    await eventually(() => {
      expect(watch.stats().disconnects['closed-early']).toBeGreaterThanOrEqual(6);
    });
    // The floor is 50 ms, so that n + 1 tries take at least n × 50 ms.
    expect(server.count('watch') - before).toBeLessThanOrEqual((performance.now() - began) / 50 + 1);
  });
});
