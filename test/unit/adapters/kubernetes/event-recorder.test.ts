import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createEventRecorder } from '../../../../src/adapters/kubernetes/event-recorder.ts';
import type { EventNote } from '../../../../src/ports/event-recorder.ts';
import { eventually } from '../../../support/eventually.ts';
import { ScriptedApiServer } from '../../../support/scripted-api-server.ts';

let server: ScriptedApiServer;
const lines: string[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
beforeEach(async () => {
  lines.length = 0;
  server = await ScriptedApiServer.start();
  server.answer = () => ({ status: 201, body: {} });
});
afterEach(async () => {
  await server.stop();
});

const noteOf = (index: number): EventNote => ({
  regarding: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    namespace: 'shop',
    name: `cart-${index}`,
    uid: `uid-${index}`,
  },
  type: 'Normal',
  reason: 'Executed',
  action: 'Execute',
  note: 'restarted',
});

test('what comes all at once arrives, each with the time at which it was taken', async () => {
  const recorder = createEventRecorder(server.client(), log);
  const before = Date.now();
  for (let index = 0; index < 150; index++) recorder.record(noteOf(index));
  const after = Date.now();
  await eventually(() => {
    expect(server.requests).toHaveLength(150);
  });
  const events = server.requests.map(({ body }) => body as { eventTime: string; regarding: { uid: string } });
  expect(new Set(events.map(({ regarding }) => regarding.uid)).size).toBe(150);
  for (const { eventTime } of events) {
    expect(Date.parse(eventTime)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(eventTime)).toBeLessThanOrEqual(after);
  }
  expect(lines).toEqual([]);
});

test('one that is refused keeps none of the others', async () => {
  server.answer = () => ({ status: server.requests.length % 2 === 0 ? 500 : 201, body: {} });
  const recorder = createEventRecorder(server.client(), log);
  for (let index = 0; index < 60; index++) recorder.record(noteOf(index));
  await eventually(() => {
    expect(server.requests).toHaveLength(60);
  });
});

test('a storm is cut off, and the log says so', () => {
  const recorder = createEventRecorder(server.client(), log);
  for (let index = 0; index < 2_100; index++) recorder.record(noteOf(index));
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toContain('events dropped: too many at once');
});
