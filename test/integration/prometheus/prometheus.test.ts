import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createPrometheus } from '../../../src/adapters/prometheus/prometheus.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import type { Metrics, Reading } from '../../../src/ports/metrics.ts';
import { eventually } from '../../support/eventually.ts';

let env: LocalEnvironment;
let metrics: Metrics;

beforeAll(async () => {
  env = await startLocalEnvironment({ components: ['prometheus'] });
  metrics = createPrometheus({ url: env.prometheus.url, lookbackMs: 5_000 });
}, 60_000);
afterAll(async () => {
  await env.stop();
});

const unknown = (why: RegExp) => ({ state: 'unknown', why: expect.stringMatching(why) });
const until = (query: string, reading: Reading | ReturnType<typeof unknown>): Promise<void> =>
  eventually(
    async () => {
      expect(await metrics.read(query)).toEqual(reading);
    },
    30_000,
    200,
  );

describe('a real Prometheus', () => {
  test('gives the value of one series, and of a number', async () => {
    await until('up{job="prometheus"}', { state: 'value', value: 1 });
    expect(await metrics.read('1 + 1')).toEqual({ state: 'value', value: 2 });
    expect(await metrics.read('vector(0.5)')).toEqual({ state: 'value', value: 0.5 });
  });

  test.each<[string, string, RegExp]>([
    ['nothing', 'up{job="nobody"}', /empty/],
    ['no number', 'vector(0) / vector(0)', /NaN/],
    ['more than any number', 'vector(1) / vector(0)', /Inf/],
    ['a text', '"up"', /string/],
    ['a range', 'up[1m]', /matrix|no result|bad_data/],
  ])('of %s proves nothing', async (_name, query, why) => {
    expect(await metrics.read(query)).toEqual(unknown(why));
  });

  test('of many series proves nothing, however many there are', async () => {
    await until('count({__name__=~"prometheus_.+"}) > bool 100', { state: 'value', value: 1 });
    expect(await metrics.read('{__name__=~"prometheus_.+"}')).toEqual(unknown(/several series/));
  });

  test('says what is no PromQL', async () => {
    expect(await metrics.read('rate(')).toEqual({ state: 'invalid', message: expect.stringMatching(/parse error/) });
  });

  test('forgets a series whose target is gone', async () => {
    const { host } = new URL(env.prometheus.url);
    env.prometheus.setTargets('twice', [{ job: 'twice', url: `http://${host}/metrics` }]);
    await until('up{job="twice"}', { state: 'value', value: 1 });
    env.prometheus.setTargets('twice', []);
    await until('up{job="twice"}', unknown(/empty/));
  });
});

test('a Prometheus that died gives no answer, and no error', async () => {
  const own = await startLocalEnvironment({ components: ['prometheus'] });
  const mine = createPrometheus({ url: own.prometheus.url, lookbackMs: 5_000 });
  expect(await mine.read('1')).toEqual({ state: 'value', value: 1 });
  await own.stop();
  expect(await mine.read('1')).toEqual(unknown(/no answer/));
}, 60_000);
