import { existsSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { testRuns } from '../../../scripts/test-runs.ts';

test('the files that are run alone are there', () => {
  const named = testRuns.flatMap(({ except = [], only = [] }) => [...except, ...only]);
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((file) => !existsSync(new URL(`../../../${file}`, import.meta.url)))).toEqual([]);
});

test('no file is run twice, and none is left out', () => {
  const alone = testRuns.flatMap(({ only = [] }) => only);
  expect(testRuns.flatMap(({ except = [] }) => except)).toEqual(alone);
  expect(new Set(alone).size).toBe(alone.length);
});
