import { expect, test } from '@jest/globals';
import { compareResourceVersions, isNewer, isOlder } from '../../../../src/adapters/kubernetes/resource-version.ts';

test('orders versions as integers of any size', () => {
  expect(compareResourceVersions('9', '10')).toBe(-1);
  expect(compareResourceVersions('10', '10')).toBe(0);
  expect(compareResourceVersions('18446744073709551615', '18446744073709551614')).toBe(1);
});

test('does not order what is no integer', () => {
  for (const odd of ['', '1a', '-1', '1.5', ' 1']) expect(compareResourceVersions(odd, '1')).toBeUndefined();
});

test('what cannot be ordered counts as newer, so that it is never dropped', () => {
  expect(isNewer('abc', '7')).toBe(true);
  expect(isOlder('abc', '7')).toBe(false);
  expect(isNewer('7', '7')).toBe(false);
});
