import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../../support/eventually.ts';
import { answerErrorEvent, answerStatus, FakeApiServer, type Script } from '../../../support/fake-api-server.ts';
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

describe('reading everything again', () => {
  test.each([
    ['an ERROR 410 in the stream', answerErrorEvent(410, 'Expired')],
    ['an ERROR of the old kind', answerErrorEvent(410, 'Gone')],
    ['HTTP 410', answerStatus(410, 'Expired')],
    ['an ERROR 500 in the stream', answerErrorEvent(500, 'InternalError')],
    [
      'a version from the future (504)',
      answerErrorEvent(504, 'Timeout', 'Too large resource version: 900, current: 7'),
    ],
    ['a version of another form (400)', answerStatus(400, 'BadRequest')],
  ])('%s leads to a full sync that finds what was missed', async (_name, script) => {
    const gone = server.put('gone');
    server.put('stays', { v: '1' });
    server.put('changes', { v: '1' });
    const { watch, log, held, changes } = await following();
    await eventually(() => {
      expect(log()).toHaveLength(3);
    });
    server.mute();
    server.remove('gone');
    server.put('changes', { v: '2' });
    server.put('new', { v: '1' });
    server.unmute();
    server.next('watch', script);
    server.end();
    await eventually(() => {
      expect(log().slice(3).sort()).toEqual(['added new', 'deleted gone', 'updated changes']);
    });
    expect(held()).toEqual({ stays: '1', changes: '2', new: '1' });
    expect(changes.find(({ type }) => type === 'deleted')).toMatchObject({
      finalStateUnknown: true,
      object: { metadata: { uid: gone.metadata.uid } },
    });
    expect(server.count('initial-watch')).toBe(2);
    expect(watch.stats().problem).toBeUndefined();
  });

  test('an unchanged object is not handed over again', async () => {
    server.put('a');
    const seen = await following();
    server.compact();
    server.next('watch', answerErrorEvent(410, 'Expired'));
    server.end();
    await eventually(() => {
      expect(seen.syncs).toBe(2);
    });
    expect(seen.log()).toEqual(['added a']);
  });

  test('an expired version is answered at once: every restart of the API server makes it routine', async () => {
    const { watch } = await following({ timings: { shortStreamMs: 0, backoffBaseMs: 60_000, backoffCapMs: 60_000 } });
    server.next('watch', answerErrorEvent(410, 'Expired'));
    server.end();
    await eventually(() => {
      expect(watch.stats().fullSyncs).toEqual({ start: 1, expired: 1 });
    });
  });

  test.each([
    ['that is no JSON', '{"type":"ADDED","object":{"metadata":\n'],
    ['without an object', '{"type":"ADDED"}\n'],
    ['with an object without uid', '{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"1"}}}\n'],
    ['of an unknown type', '{"type":"RENAMED","object":{"metadata":{"name":"a","uid":"u","resourceVersion":"1"}}}\n'],
    ['that is a proxy’s page', '<html>Service Unavailable</html>\n'],
  ])('a line %s is never skipped', async (_name, line) => {
    const { watch, log } = await following();
    server.mute();
    server.put('a');
    server.unmute();
    server.compact();
    server.send(line);
    await eventually(() => {
      expect(log()).toEqual(['added a']);
    });
    expect(watch.stats()).toMatchObject({ unparseableLines: 1, fullSyncs: { start: 1, unparseable: 1 } });
    await eventually(() => {
      expect(server.openStreams).toBe(1); // the one that was given up is closed
    });
  });

  test('a server that went back in its history is found out after the reconnection', async () => {
    server.put('a', { v: 'before' });
    const { watch, held, log } = await following();
    await eventually(() => {
      expect(log()).toHaveLength(1);
    });
    const restore = server.snapshot();
    server.put('a', { v: 'lost' });
    for (let index = 0; index < 10; index++) server.put('b');
    await eventually(() => {
      expect(held()['b']).toBeUndefined();
      expect(Object.keys(held())).toEqual(['a', 'b']);
    });
    restore(); // a watch from the version that we know is accepted and tells nothing, for ever
    await eventually(() => {
      expect(held()).toEqual({ a: 'before' });
    });
    expect(log().slice(-2).sort()).toEqual(['deleted b', 'updated a']);
    expect(watch.stats().fullSyncs.regression).toBe(1);
  });

  test('an equal version proves nothing after the server went back', async () => {
    server.put('a', { v: 'before' });
    const { held } = await following();
    const restore = server.snapshot();
    const lost = server.put('a', { v: 'lost' });
    server.put('b');
    await eventually(() => {
      expect(held()).toEqual({ a: 'lost', b: undefined });
    });
    restore();
    const other = server.put('a', { v: 'other' });
    expect(other.metadata).toEqual(lost.metadata);
    await eventually(() => {
      expect(held()).toEqual({ a: 'other' });
    });
  });

  test('a server that went back while the stream stayed is found out by the next check', async () => {
    const { watch } = await following({ timings: { probeEveryMs: 30, silenceMs: 60_000 } });
    await eventually(() => {
      expect(server.count('list')).toBeGreaterThan(2);
    });
    expect(watch.stats().fullSyncs).toEqual({ start: 1 });
    server.next('list', (response) => {
      response.end(JSON.stringify({ kind: 'ConfigMapList', metadata: { resourceVersion: '7' }, items: [] }));
    });
    await eventually(() => {
      expect(watch.stats().fullSyncs).toEqual({ start: 1, regression: 1 });
    });
  });

  test('happens now and then without a reason, for the event that nobody knows was lost', async () => {
    const { watch, held } = await following({
      timings: { probeEveryMs: 10, resyncEveryMs: [50, 60], silenceMs: 60_000 },
    });
    server.mute();
    server.put('lost', { v: '1' });
    server.unmute(); // the stream is alive but will never tell
    await eventually(() => {
      expect(held()).toEqual({ lost: '1' });
    });
    expect(watch.stats().fullSyncs.periodic).toBeGreaterThanOrEqual(1);
    expect(watch.stats().disconnects).toEqual({});
  });
});

describe('servers that cannot stream the initial events', () => {
  const servers: readonly (readonly [string, Script])[] = [
    [
      'refuse by an ERROR in the stream',
      answerErrorEvent(500, 'InternalError', 'feature RequestWatchProgress is disabled'),
    ],
    ['refuse by 422', answerStatus(422, 'Invalid')],
    ['end the stream', endAtOnce],
    ['never answer', () => undefined],
    [
      'tell some and then nothing',
      (response) => {
        response.write(
          `${JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'ghost', uid: 'g', resourceVersion: '1' } } })}\n`,
        );
      },
    ],
  ];
  test.each(servers)('that %s are listed in pages', async (_name, script) => {
    for (let index = 0; index < 1_200; index++) server.put(`object-${index}`, { v: String(index) });
    server.next('initial-watch', script);
    const { watch, held, changes } = await following({ timings: { headersTimeoutMs: 250, initialSilenceMs: 200 } });
    expect(Object.keys(held())).toHaveLength(1_200);
    expect(watch.stats().listFallbacks).toBe(1);
    expect(server.count('list')).toBe(3);
    server.put('later');
    await eventually(() => {
      expect(changes.at(-1)?.object.metadata.name).toBe('later');
    });
    expect(held()['ghost']).toBeUndefined();
    // The kind is the scope's where the items of a list carry none.
    expect(server.count('initial-watch')).toBe(1);
  });

  test('and are asked again at the next unconditional sync', async () => {
    server.next('initial-watch', answerStatus(422, 'Invalid'));
    const { watch } = await following({ timings: { probeEveryMs: 10, resyncEveryMs: [50, 60], silenceMs: 60_000 } });
    await eventually(() => {
      expect(server.count('initial-watch')).toBeGreaterThanOrEqual(2);
    });
    expect(watch.stats().listFallbacks).toBe(1);
  });
});
