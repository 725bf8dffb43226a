import { expect, test } from '@jest/globals';
import type { Pod } from '../../../src/api/workloads.ts';
import { evaluateCondition } from '../../../src/triggers/condition.ts';
import { container, ms, oomKilled, podOf, running, terminated, waiting } from '../../support/pods.ts';

const held = (pod: Pod, now: number) => evaluateCondition({ type: 'OOMKilled', duration: '0s' }, pod, ms(now));
const state = (pod: Pod, now: number): string => held(pod, now).state;

test.each<[string, string, ReturnType<typeof container>]>([
  ['while it shows', 'firing', container(0, oomKilled(0, 20))],
  ['after the restart', 'firing', container(1, running(21), oomKilled(0, 20))],
  ['while its restart is held back', 'firing', container(1, waiting('CrashLoopBackOff'), oomKilled(0, 20))],
  ['when another failure follows', 'firing', container(1, terminated(21, 24), oomKilled(0, 20))],
  ['not for another reason', 'not-firing', container(2, terminated(21, 24), terminated(0, 20))],
  [
    'not for exit code 137 alone, which any SIGKILL gives',
    'not-firing',
    container(0, terminated(0, 20, { exitCode: 137 })),
  ],
  ['not without any termination', 'not-firing', container(0, running(0))],
  ['not when forgotten, but unknown', 'unknown', container(2, running(0))],
])('OOMKilled %s: %s', (_what, expected, status) => {
  expect(state(podOf([status]), 25)).toBe(expected);
});

test('a Job’s Pod that has ended is past healing', () => {
  expect(state(podOf([container(0, oomKilled(0, 20))], { phase: 'Failed' }), 25)).toBe('not-firing');
});

test('it is over when the container has run twice as long as before it was killed', () => {
  const restarted = podOf([container(1, running(30), oomKilled(0, 20))]); // 20 s of life
  expect(held(restarted, 40)).toMatchObject({ state: 'firing', recheckAfterMs: 30_000 });
  expect(state(restarted, 69)).toBe('firing');
  expect(state(restarted, 70)).toBe('not-firing');
});

test('a leak that takes hours is over after ten minutes', () => {
  const restarted = podOf([container(1, running(7_200), oomKilled(0, 7_199))]);
  expect(state(restarted, 7_799)).toBe('firing');
  expect(state(restarted, 7_800)).toBe('not-firing');
});

test('a kill before a long run plays no part in the crash after it', () => {
  expect(state(podOf([container(1, terminated(20, 620), oomKilled(0, 20))]), 621)).toBe('not-firing');
});

test('it fires with the time of the kill', () => {
  expect(held(podOf([container(1, running(21), oomKilled(0, 20))]), 25)).toEqual({
    state: 'firing',
    since: '2026-11-25T08:00:20.000Z',
    evidence: 'container app was killed for lack of memory (exit code 137), terminations so far: 1',
    recheckAfterMs: 36_000,
  });
});

test('at first sight of a second kill in a row the time is that of the first', () => {
  const twice = podOf([container(1, oomKilled(21, 40), oomKilled(0, 20))]);
  expect(held(twice, 45)).toMatchObject({ since: '2026-11-25T08:00:20.000Z' });
  expect(evaluateCondition({ type: 'OOMKilled', duration: '0s' }, twice, ms(45), {})).toMatchObject({
    since: '2026-11-25T08:00:40.000Z',
  });
});

test('two minutes by default, counted from the kill', () => {
  const restarted = podOf([container(1, running(1_801), oomKilled(0, 1_800))]);
  const forTwoMinutes = { type: 'OOMKilled' };
  expect(evaluateCondition(forTwoMinutes, restarted, ms(1_900))).toMatchObject({
    state: 'not-firing',
    recheckAfterMs: 20_000,
  });
  expect(evaluateCondition(forTwoMinutes, restarted, ms(1_920)).state).toBe('firing');
});
