import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DetectorCounters } from '../../../src/detector/counters.ts';
import { ObservationSender } from '../../../src/detector/observation-sender.ts';
import { defaultTimings } from '../../../src/detector/timings.ts';
import type { Firing, Observation } from '../../../src/domain/firing.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { ManualClock, turn } from '../../support/manual-clock.ts';
import { RecordingObserver } from '../../support/recording-observer.ts';

const firing = (name: string): Firing => {
  const subject = { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name, uid: `uid-${name}` };
  return { trigger: 'crash', subject, candidates: [subject], since: '2026-11-25T08:00:00.000Z', evidence: 'crashed' };
};
const level = (...names: readonly string[]): Observation => ({
  policy: { namespace: 'shop', name: 'p', uid: 'uid-p' },
  policyGeneration: 1,
  firing: names.map(firing),
  overflow: 0,
  selected: 10,
  unhealthy: names.length,
  good: [],
});

let clock: ManualClock;
let observer: RecordingObserver;
let counters: DetectorCounters;
let sender: ObservationSender;
let now: Observation;
let fresh: boolean;

beforeEach(() => {
  clock = new ManualClock(1_000_000);
  observer = new RecordingObserver();
  counters = new DetectorCounters();
  now = level();
  fresh = true;
  sender = new ObservationSender({
    observer,
    observation: () => now,
    fresh: () => fresh,
    clock,
    timings: defaultTimings,
    counters,
    logger: createLogger('test', 'silent'),
  });
});
afterEach(() => sender.stop());

const becomes = async (...names: readonly string[]): Promise<void> => {
  now = level(...names);
  sender.poke();
  await turn();
};
const sent = (): string[] =>
  observer.observations.map(({ firing: all }) => all.map(({ subject }) => subject.name).join(' '));

describe('one at a time', () => {
  test('what changes while a message is under way goes with the next, as it then is', async () => {
    const release = observer.hold();
    await becomes('a');
    await becomes('a', 'b');
    await becomes('a', 'b', 'c');
    await becomes('c');
    expect(observer.inFlight).toBe(1);
    release();
    await turn();
    expect(sent()).toEqual(['a', 'c']);
    expect(observer.mostInFlight).toBe(1);
  });

  test('what changes back while a message is under way needs none', async () => {
    const release = observer.hold();
    await becomes('a');
    await becomes();
    await becomes('a');
    release();
    await turn();
    expect(sent()).toEqual(['a']);
  });
});

describe('every minute', () => {
  test('the whole is sent again, counted from the last acknowledgement', async () => {
    await becomes('a');
    await clock.advance(30_000);
    await becomes('a', 'b');
    await clock.advance(59_999);
    expect(sent()).toEqual(['a', 'a b']);
    await clock.advance(1);
    expect(sent()).toEqual(['a', 'a b', 'a b']);
    await clock.advance(120_000);
    expect(sent()).toHaveLength(5);
  });
});

describe('what is not acknowledged', () => {
  test('is sent again, later each time, at most ten seconds, and as it then is', async () => {
    observer.refuse = 40;
    await becomes('a');
    expect(counters.sends).toBe(1);
    await clock.advance(250);
    expect(counters.sends).toBe(2);
    await clock.advance(500);
    expect(counters.sends).toBe(3);
    await clock.advance(60_000);
    const tries = counters.sends;
    expect(tries).toBeGreaterThan(7);
    expect(tries).toBeLessThan(20);
    await becomes('b');
    await clock.advance(500_000);
    expect(new Set(sent())).toEqual(new Set(['b']));
    expect(counters.failedSends).toBe(40);
  });

  test('changes do not shorten the pause', async () => {
    observer.refuse = 5;
    await becomes('a');
    for (let each = 0; each < 50; each += 1) await becomes(`p${each}`);
    expect(counters.sends).toBe(1);
  });

  test('the pause starts small again after a success', async () => {
    observer.refuse = 6;
    await becomes('a');
    await clock.advance(30_000);
    expect(sent()).toEqual(['a']);
    observer.refuse = 1;
    await becomes('b');
    await clock.advance(250);
    expect(sent()).toEqual(['a', 'b']);
  });
});

describe('much to tell', () => {
  const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `p${index}`);

  test('a burst of 2,000 firings goes out as it comes', async () => {
    for (let size = 1; size <= 60; size += 1) await becomes(...many(size));
    expect(sent()).toHaveLength(60);
  });

  test('what follows a larger one waits, and is then sent as it is', async () => {
    for (let each = 0; each < 12; each += 1) await becomes(...many(190 + each).slice(0, 200));
    expect(sent()).toHaveLength(11); // 2,145 firings in no time
    await clock.advance(350);
    expect(sent()).toHaveLength(11);
    await becomes('last');
    await clock.advance(50);
    expect(sent()).toHaveLength(12);
    expect(sent().at(-1)).toBe('last');
  });

  test('one change a second of a full level never waits', async () => {
    for (let each = 0; each < 100; each += 1) {
      await becomes(...many(200 - (each % 2)));
      expect(sent()).toHaveLength(each + 1);
      await clock.advance(1_000);
    }
  });
});

test('nothing is sent while the evidence is stale, and poking later sends what is true then', async () => {
  fresh = false;
  await becomes('a');
  await clock.advance(300_000);
  expect(sent()).toEqual([]);
  fresh = true;
  await becomes('b');
  expect(sent()).toEqual(['b']);
});

test('after the stop nothing is sent, and the stop waits for what is under way', async () => {
  const release = observer.hold();
  await becomes('a');
  let stopped = false;
  const stopping = sender.stop().then(() => (stopped = true));
  await becomes('b');
  expect(stopped).toBe(false);
  release();
  await stopping;
  await clock.advance(300_000);
  expect(sent()).toEqual(['a']);
  expect(clock.pending).toBe(0);
});
