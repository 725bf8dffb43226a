import { describe, expect, test } from '@jest/globals';
import { Backoff, goDuration } from '../../../../src/local/kubelet/backoff.ts';
import { EventSpamFilter } from '../../../../src/local/kubelet/event-spam-filter.ts';
import { resolveImage } from '../../../../src/local/kubelet/image.ts';
import { parseOptions } from '../../../../src/local/kubelet/options.ts';
import { ProbeState } from '../../../../src/local/kubelet/probe-state.ts';
import { parseQuantity } from '../../../../src/local/kubelet/quantity.ts';

describe('back-off', () => {
  test('the first crash restarts at once, the next ones wait 10 s, 20 s, … up to the maximum', () => {
    const backoff = new Backoff(10_000, 60_000);
    const waits: number[] = [];
    let now = 0;
    for (let crash = 0; crash < 6; crash++) {
      const wait = backoff.remainingMs('c', now, now);
      waits.push(wait);
      backoff.next('c', now, now + wait);
      now += wait + 1000; // runs for a second
    }
    expect(waits).toEqual([0, 10_000, 20_000, 40_000, 60_000, 60_000]);
  });

  test('a container that ran twice the maximum starts over', () => {
    const backoff = new Backoff(10_000, 60_000);
    backoff.next('c', 0, 0);
    backoff.next('c', 0, 0);
    expect(backoff.remainingMs('c', 119_000, 119_000)).toBe(20_000);
    expect(backoff.remainingMs('c', 121_000, 121_000)).toBe(0);
    backoff.next('c', 121_000, 121_000);
    expect(backoff.delayMs('c')).toBe(10_000);
  });

  test('counts from the event, and from the last try for images', () => {
    const backoff = new Backoff(10_000, 60_000);
    backoff.next('c', 0, 5000);
    expect(backoff.remainingMs('c', 1000, 4000)).toBe(7000);
    expect(backoff.remainingSinceUpdateMs('c', 6000)).toBe(9000);
    expect(backoff.remainingMs('other', 1000, 4000)).toBe(0);
  });

  test.each([
    [0, '0s'],
    [500, '500ms'],
    [10_000, '10s'],
    [2500, '2.5s'],
    [80_000, '1m20s'],
    [300_000, '5m0s'],
  ])('%d ms reads %s', (ms, text) => {
    expect(goDuration(ms)).toBe(text);
  });
});

describe('images', () => {
  const programs = new Set(['web', 'crasher']);
  test.each(['kubeskippy.local/web', 'kubeskippy.local/web:1.2', 'kubeskippy.local/web:latest'])(
    '%s is the program web',
    (image) => {
      expect(resolveImage(image, programs)).toMatchObject({ kind: 'program', program: 'web' });
    },
  );
  test.each([
    ['kubeskippy.local/nothing:1', 'kubeskippy.local/nothing:1: not found'],
    ['kubeskippy.local/web:broken-2', 'kubeskippy.local/web:broken-2: not found'],
    ['nginx', 'docker.io/library/nginx:latest'],
    ['grafana/grafana:9', 'docker.io/grafana/grafana:9'],
    ['registry.example.com:5000/team/app:1', 'lookup registry.example.com:5000'],
  ])('%s cannot be pulled', (image, why) => {
    const resolution = resolveImage(image, programs);
    expect(resolution.kind).toBe('missing');
    expect('message' in resolution && resolution.message).toContain(why);
  });
  test.each(['Web', 'kubeskippy.local/', 'a//b', 'web:', 'web:bad tag', '', '../../bin/sh'])(
    '%j is no image name',
    (image) => {
      expect(resolveImage(image, programs)).toMatchObject({
        kind: 'invalid',
        message: expect.stringContaining('invalid reference format'),
      });
    },
  );
});

describe('quantities', () => {
  test.each([
    ['128Mi', 134_217_728],
    ['1.5Gi', 1_610_612_736],
    ['250m', 0.25],
    ['1e3', 1000],
    ['1E', 1e18],
    ['64M', 64e6],
    ['0', 0],
  ])('%s', (text, value) => {
    expect(parseQuantity(text)).toBeCloseTo(value, 6);
  });
  test.each(['', 'Mi', '1 Mi', '12Q', 'ten'])('%j is refused', (text) => {
    expect(() => parseQuantity(text)).toThrow('is not a quantity such as 128Mi');
  });
});

describe('probe thresholds', () => {
  test('three failures in a row by default, interrupted by any success', () => {
    const state = new ProbeState({});
    expect([state.observe('failure'), state.observe('failure'), state.observe('success')]).toEqual([
      undefined,
      undefined,
      'success',
    ]);
    expect([state.observe('failure'), state.observe('failure'), state.observe('failure')]).toEqual([
      undefined,
      undefined,
      'failure',
    ]);
  });
  test('readiness may ask for several successes', () => {
    const state = new ProbeState({ successThreshold: 2, failureThreshold: 1 });
    expect([
      state.observe('success'),
      state.observe('success'),
      state.observe('failure'),
      state.observe('success'),
    ]).toEqual([undefined, 'success', 'failure', undefined]);
  });
});

test('25 Events of a subject pass at once, then one in five minutes, and others are not affected', () => {
  const filter = new EventSpamFilter();
  const passed = Array.from({ length: 40 }, () => filter.admits('a', 0)).filter(Boolean).length;
  expect(passed).toBe(25);
  expect(filter.admits('b', 0)).toBe(true);
  expect(filter.admits('a', 299_000)).toBe(false);
  expect(filter.admits('a', 301_000)).toBe(true);
  expect(filter.admits('a', 302_000)).toBe(false);
});

describe('options', () => {
  const given = ['--kubeconfig=k', '--root-dir=r', '--tls-cert=c', '--tls-key=y', '--client-ca=a'];
  test('defaults are those of a real kubelet', () => {
    expect(parseOptions(given)).toMatchObject({
      port: 10_250,
      backoffBaseMs: 10_000,
      backoffMaxMs: 300_000,
      maxPods: 110,
    });
  });
  test.each([
    [['--crash-backoff-base=10'], '--crash-backoff-base 10: give a duration such as 500ms, 10s or 5m'],
    [['--port=x'], '--port x: give a number from 0 to 65535'],
    [['--nonsense'], 'nonsense'],
  ])('%j is refused', (extra, message) => {
    expect(() => parseOptions([...given, ...extra])).toThrow(message);
  });
  test('a missing one is named', () => {
    expect(() => parseOptions(given.slice(1))).toThrow('--kubeconfig is missing');
  });
});
