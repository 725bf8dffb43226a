import { expect, jest, test } from '@jest/globals';
import { systemClock } from '../../../src/detector/clock.ts';
import { Rechecks } from '../../../src/detector/rechecks.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const setup = () => {
  const clock = new ManualClock(0);
  const looked: string[] = [];
  return { clock, looked, rechecks: new Rechecks(clock, (uid) => looked.push(`${uid}@${clock.now()}`)) };
};

test('an object has one alarm: the latest', async () => {
  const { clock, looked, rechecks } = setup();
  rechecks.set('a', 100);
  rechecks.set('a', 300);
  rechecks.set('b', 200);
  await clock.advance(1_000);
  expect(looked).toEqual(['b@200', 'a@300']);
});

test('an alarm can be moved forward but not back, and called off', async () => {
  const { clock, looked, rechecks } = setup();
  rechecks.set('a', 300);
  rechecks.noLaterThan('a', 100);
  rechecks.noLaterThan('a', 900);
  rechecks.noLaterThan('a', undefined);
  rechecks.set('b', 300);
  rechecks.set('b', undefined);
  await clock.advance(1_000);
  expect(looked).toEqual(['a@100']);
});

test('stopped, none is left', async () => {
  const { clock, looked, rechecks } = setup();
  rechecks.set('a', 1);
  rechecks.stop();
  await clock.advance(1_000);
  expect({ looked, left: rechecks.size + clock.pending }).toEqual({ looked: [], left: 0 });
});

test('the system’s clock does not run at once what is due in a year', () => {
  jest.useFakeTimers(); // like Node's, they turn a delay beyond 2^31 ms into 1 ms
  try {
    let ran = false;
    systemClock.after(365 * 86_400_000, () => (ran = true));
    jest.advanceTimersByTime(60_000);
    expect(ran).toBe(false);
  } finally {
    jest.useRealTimers();
  }
});
