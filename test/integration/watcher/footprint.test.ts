import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { answerStatus, FakeApiServer } from '../../support/fake-api-server.ts';

const OBJECTS = 20_000;
/** As large as a Pod is on the wire, about 11 kB, and in as many pieces. */
const POD_SIZED = Object.fromEntries(
  Array.from({ length: 180 }, (_, index) => [`a-field-${index}`, `the value of field ${index}, as long as it may be`]),
);

/** On a large host Node lets garbage grow further than a container would; what is kept is the same. */
const YOUNG_GENERATION = '--max-semi-space-size=16';

interface Figures {
  readonly objects: number;
  readonly listFallbacks: number;
  readonly peakRssMb: number;
  /** Peak over what the process took before it began to watch. */
  readonly aboveStartMb: number;
  readonly heapMb: number;
  readonly longestTurnMs: number;
}

let server: FakeApiServer;
beforeEach(async () => {
  server = await FakeApiServer.start();
  for (let index = 0; index < OBJECTS; index++) server.put(`object-${index}`, POD_SIZED);
});
afterEach(async () => {
  await server.stop();
});

async function measured(meanwhile: () => void): Promise<Figures[]> {
  const script = new URL('../../support/watch-footprint.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--expose-gc', YOUNG_GENERATION, script, server.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<Figures> => JSON.parse(String((await lines.next()).value)) as Figures;
    const synced = await next();
    meanwhile();
    server.put('last');
    return [synced, await next()];
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

const updates = (count: number): void => {
  for (let index = 0; index < count; index++) server.put(`object-${index % 1_000}`, POD_SIZED);
};

describe('watching 20,000 objects of a Pod’s size', () => {
  test('streamed: little memory, and the event loop stays free', async () => {
    const [synced, later] = await measured(() => {
      updates(5_000);
    });
    expect(synced).toMatchObject({ objects: OBJECTS, listFallbacks: 0 });
    expect(later?.objects).toBe(OBJECTS + 1);
    expect(later?.aboveStartMb).toBeLessThan(150);
    expect(later?.heapMb).toBeLessThan(60);
    expect(later?.longestTurnMs).toBeLessThan(250);
  }, 120_000);

  test('listed, where the server cannot stream them: more garbage at a time, but no more is kept', async () => {
    server.next('initial-watch', answerStatus(422, 'Invalid'));
    const [synced] = await measured(() => undefined);
    expect(synced).toMatchObject({ objects: OBJECTS, listFallbacks: 1 });
    expect(synced?.aboveStartMb).toBeLessThan(500);
    expect(synced?.heapMb).toBeLessThan(60);
    expect(synced?.longestTurnMs).toBeLessThan(250);
  }, 120_000);
});
