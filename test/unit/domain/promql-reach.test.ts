import { describe, expect, test } from '@jest/globals';
import { reachOf } from '../../../src/domain/promql-reach.ts';

const LOOKBACK = 60_000;
const MINUTE = 60_000;

describe('how far an expression looks back', () => {
  test.each<[string, number]>([
    ['1', MINUTE],
    ['up == 1', MINUTE],
    ['rate(errors[5m])', 5 * MINUTE],
    ['rate(errors[30s])', MINUTE], // no less than a single sample may be old
    ['rate(errors[1h30m])', 90 * MINUTE],
    ['rate(errors[300])', 5 * MINUTE],
    ['rate(errors[ 1w ])', 7 * 24 * 60 * MINUTE],
    ['rate(a[2m]) / rate(b[10m])', 10 * MINUTE],
    ['errors offset 5m', 6 * MINUTE],
    ['rate(errors[5m] offset 1h)', 65 * MINUTE],
    ['errors offset -5m', MINUTE],
    ['a offset 5m - b offset 10m', 11 * MINUTE],
    ['max_over_time(up[10m:1m])', 11 * MINUTE],
    ['max_over_time(rate(errors[5m])[10m:])', 15 * MINUTE],
    ['max_over_time(max_over_time(rate(a[5m] offset 1m)[10m:])[20m:1m] offset 2m)', 38 * MINUTE],
    ['rate(errors{path="[1h] offset 5d @ 3"}[5m])', 5 * MINUTE],
    ["rate(errors{path='it\\'s [1h]'}[5m]) # [2h]", 5 * MINUTE],
    ['sum by (offset) (rate(errors[5m]))', 5 * MINUTE],
    ['rate(errors[5m] smoothed)', 6 * MINUTE],
  ])('%s', (query, ms) => {
    expect(reachOf(query, LOOKBACK)).toEqual({ ms });
  });

  test.each<[string, RegExp]>([
    ['errors @ 1609746000', /fixed to a time/],
    ['rate(errors[5m] @ end())', /fixed to a time/],
    ['rate(errors[5m + 1m])', /\[5m \+ 1m\] looks back cannot be told/],
    ['rate(errors[$__interval])', /cannot be told/],
    ['errors offset step()', /offset step\(.* cannot be told/],
  ])('%s cannot be told', (query, words) => {
    expect(reachOf(query, LOOKBACK)).toEqual({ problem: expect.stringMatching(words) });
  });
});
