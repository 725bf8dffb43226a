import { expect, test } from '@jest/globals';
import { isTypeAndName, withoutType } from '../../../src/cli/type-and-name.ts';

test.each([
  'ha/x',
  'healingaction/x',
  'healingactions/x',
  'healingaction.kubeskippy.io/x',
  'healingactions.kubeskippy.io/x',
])('%s is the HealingAction x', (text) => {
  expect(isTypeAndName(text)).toBe(true);
  expect(withoutType(text)).toBe('x');
});

test.each(['x', './ha/x', 'logs/ha/x', 'pod/x', 'healingpolicy/x', 'ha'])('%s is not', (text) => {
  expect(isTypeAndName(text)).toBe(false);
  expect(withoutType(text)).toBe(text);
});
