import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { eventually } from '../../../support/eventually.ts';
import { answerStatus, answerText, eventLine, FakeApiServer, statusOf } from '../../../support/fake-api-server.ts';
import { observe, type ObservedWatch, type ObserveOptions, project } from '../../../support/observed-watch.ts';

let server: FakeApiServer;
let observed: ObservedWatch | undefined;

beforeEach(async () => {
  server = await FakeApiServer.start();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await observed?.watch.stop();
  observed = undefined;
  await server.stop();
});

async function following(options: ObserveOptions = {}): Promise<ObservedWatch> {
  observed = observe(server, options);
  await observed.watch.ready;
  return observed;
}

describe('a server that refuses', () => {
  const refusals = [
    [401, 'Unauthorized', 'unauthorized'],
    [403, 'Forbidden', 'forbidden'],
    [429, 'TooManyRequests', 'throttled'],
    [500, 'InternalError', 'error'],
    [503, 'ServiceUnavailable', 'error'],
  ] as const;

  test.each(refusals)('with %i from the start is asked again until it does not', async (code, reason, counted) => {
    server.put('a', { v: '1' });
    const refusal = answerStatus(code, reason);
    server.next('initial-watch', refusal, refusal, refusal, refusal);
    observed = observe(server);
    await eventually(() => {
      expect(observed?.watch.stats().problem).toContain(reason);
    });
    expect(observed.watch.synced).toBe(false);
    await observed.watch.ready;
    expect(observed.held()).toEqual({ a: '1' });
    expect(server.count('list')).toBe(0); // a list would be refused as well
    expect(observed.watch.stats().disconnects[counted]).toBeGreaterThanOrEqual(2);
    expect(observed.watch.stats().problem).toBeUndefined();
  });

  test.each(refusals)('with %i later is asked again from the same version', async (code, reason, _counted) => {
    server.put('a');
    const { watch, log } = await following();
    server.mute();
    server.put('b');
    server.unmute();
    server.next('watch', ...Array.from({ length: 4 }, () => answerStatus(code, reason)));
    server.reset();
    await eventually(() => {
      expect(log()).toEqual(['added a', 'added b']);
    });
    expect(watch.stats().fullSyncs).toEqual({ start: 1 });
  });

  test('with 429 in the stream is asked again from the same version', async () => {
    const { watch, log } = await following();
    server.next('watch', (response) => {
      response.end(eventLine('ERROR', statusOf(429, 'TooManyRequests')));
    });
    server.mute();
    server.put('a');
    server.unmute();
    server.end();
    await eventually(() => {
      expect(log()).toEqual(['added a']);
    });
    expect(watch.stats().disconnects.throttled).toBe(1);
  });

  test('is given the time that it asks for, but not for ever', async () => {
    server.next('initial-watch', answerStatus(429, 'TooManyRequests', { 'retry-after': '3600' }));
    await following({ timings: { retryAfterCapMs: 150 } });
    const [first, second] = server.requests;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(145);
    expect(second!.at - first!.at).toBeLessThan(2_000);
  });

  test('with a page that is no JSON is asked again', async () => {
    server.put('a');
    server.next('initial-watch', answerText('<html>one moment, please</html>\n'));
    server.next('list', answerText('<html>one moment, please</html>'));
    const { held } = await following();
    expect(Object.keys(held())).toEqual(['a']);
  });

  test('backs off further and further', async () => {
    server.next('initial-watch', ...Array.from({ length: 1_000 }, () => answerStatus(500, 'InternalError')));
    observed = observe(server, { timings: { backoffBaseMs: 50, backoffCapMs: 400 } });
    const began = performance.now();
    await eventually(() => {
      expect(performance.now() - began).toBeGreaterThan(1_000);
    });
    expect(server.count('initial-watch')).toBeGreaterThan(3);
    expect(server.count('initial-watch')).toBeLessThanOrEqual(1_000 / 50 + 1);
  });
});

describe('a credential that was rotated', () => {
  test('is read anew when the server refuses the old one', async () => {
    const user: { token: string } = { token: 'old' };
    server.acceptedToken = 'old';
    const client = server.client(user);
    client.kubeConfig.users[0] = { name: 'user', token: 'old' };
    expect((await client.request<{ kind: string }>('GET', '/api/v1/configmaps')).kind).toBe('ConfigMapList');
    server.acceptedToken = 'new';
    client.kubeConfig.users[0] = { name: 'user', token: 'new' };
    expect((await client.request<{ kind: string }>('GET', '/api/v1/configmaps')).kind).toBe('ConfigMapList');
  });
});

describe('what comes through the stream', () => {
  test('a raw U+2028 does not end a line', async () => {
    const { held } = await following();
    const object = server.put('a', { v: 'x' });
    server.send(
      eventLine('MODIFIED', {
        ...object,
        metadata: { ...object.metadata, resourceVersion: '999' },
        data: { v: 'one\u2028two\u2029three' },
      }),
    );
    await eventually(() => {
      expect(held()).toEqual({ a: 'one\u2028two\u2029three' });
    });
  });

  test('characters may be cut anywhere', async () => {
    const { held } = await following();
    const object = {
      metadata: { name: 'a', namespace: 'default', uid: 'u', resourceVersion: '999' },
      data: { v: 'größer → 🚑' },
    };
    const bytes = Buffer.from(eventLine('ADDED', object));
    for (const byte of bytes) server.send(Buffer.of(byte));
    await eventually(() => {
      expect(held()).toEqual({ a: 'größer → 🚑' });
    });
  });

  test('an object of 5 MB', async () => {
    const { held } = await following();
    const big = 'x'.repeat(5 * 1024 * 1024);
    server.put('big', { v: big });
    await eventually(() => {
      expect(held()['big']?.length).toBe(big.length);
    });
  });

  test('an hour of nothing but bookmarks', async () => {
    const { watch, log } = await following({ timings: { silenceMs: 300 } });
    const began = performance.now();
    await eventually(
      () => {
        server.bookmark();
        expect(performance.now() - began).toBeGreaterThan(1_600);
      },
      5_000,
      20,
    );
    expect(watch.stats().disconnects).toEqual({});
    expect(watch.stats().bookmarks).toBeGreaterThan(10);
    server.put('a');
    await eventually(() => {
      expect(log()).toEqual(['added a']);
    });
  });

  test('a clock that jumps changes nothing', async () => {
    server.put('a');
    const { watch, log } = await following({ timings: { silenceMs: 300 } });
    const now = Date.now();
    const jumps = [now + 3_600_000, now - 86_400_000, now + 31_536_000_000];
    for (const to of jumps) {
      jest.spyOn(Date, 'now').mockReturnValue(to);
      server.bookmark();
      server.put(`at-${jumps.indexOf(to)}`);
    }
    await eventually(() => {
      expect(log()).toEqual(['added a', 'added at-0', 'added at-1', 'added at-2']);
    });
    expect(watch.stats()).toEqual(expect.objectContaining({ disconnects: {}, fullSyncs: { start: 1 } }));
    expect(watch.silentForMs).toBeLessThan(5_000);
  });

  test('a burst of 100,000 events is coalesced: the reader never waits, memory is bounded by objects', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `object-${index}`);
    for (const name of names) server.put(name, { v: '0' });
    let release: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => (release = resolve));
    const { watch, changes, held } = await following({ take: () => blocked, timings: { silenceMs: 60_000 } });
    for (let round = 1; round <= 1_000; round++) for (const name of names) server.put(name, { v: String(round) });
    await eventually(() => {
      expect(watch.stats().events).toBe(100 + 100_000);
    }, 60_000);
    expect(watch.stats().queueDepth).toBe(100);
    release();
    await eventually(() => {
      expect(watch.stats().queueDepth).toBe(0);
    });
    expect(Object.values(held()).every((value) => value === '1000')).toBe(true);
    expect(changes.length).toBeLessThanOrEqual(200);
    const last = new Map(changes.map((change) => [change.object.metadata.name, change.object.data['v']]));
    expect([...last.values()].every((value) => value === '1000')).toBe(true);
  }, 120_000);
});

describe('a reader that fails', () => {
  test('gets the change again, with the state that is then the latest, and holds up nobody else', async () => {
    let healthy = false;
    let tries = 0;
    const { watch, log, changes } = await following({
      take: ({ object }) => {
        if (object.metadata.name !== 'a' || healthy) return;
        tries += 1;
        throw new Error('not now');
      },
    });
    server.put('a', { v: '1' });
    server.put('b', { v: '1' });
    await eventually(() => {
      expect(tries).toBeGreaterThanOrEqual(3);
    });
    expect(log()).toEqual(['added b']);
    expect(watch.stats().deliveryFailures).toBe(tries);
    server.put('a', { v: '2' });
    await eventually(() => {
      expect(watch.byName('default', 'a')?.data['v']).toBe('2');
    });
    healthy = true;
    await eventually(() => {
      expect(log()).toEqual(['added b', 'added a']);
    });
    expect(changes[1]?.object.data).toEqual({ v: '2' });
  });

  test('by a rejection gets the deletion all the same', async () => {
    let healthy = false;
    const { watch, log } = await following({
      take: async () => (healthy ? undefined : Promise.reject(new Error('not now'))),
    });
    server.put('a');
    await eventually(() => {
      expect(watch.stats().deliveryFailures).toBeGreaterThanOrEqual(1);
    });
    server.remove('a');
    await eventually(() => {
      expect(watch.stats().events).toBe(2);
    });
    healthy = true;
    await eventually(() => {
      expect(log()).toEqual(['deleted a']);
    });
  });

  test('to project one object sees all the others', async () => {
    const { watch, held } = await following({
      projectItem: (raw) => {
        if (raw.metadata.name === 'odd') throw new Error('no such shape');
        return project(raw);
      },
    });
    server.put('odd');
    server.put('even', { v: '1' });
    await eventually(() => {
      expect(held()).toEqual({ even: '1' });
    });
    expect(watch.stats()).toMatchObject({ projectionFailures: 1, fullSyncs: { start: 1 }, disconnects: {} });
  });
});

test('no failure becomes an unhandled rejection', async () => {
  const script = new URL('../../../support/watch-through-faults.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--unhandled-rejections=strict', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(output).toContain('still following');
  expect(code).toBe(0);
}, 30_000);
