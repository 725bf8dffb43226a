import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fitsPattern } from '../../../src/domain/name-pattern.ts';
import { cpuTimeMs } from '../../support/cpu-time.ts';

test.each([
  ['cart', 'cart', true],
  ['cart', 'car', false],
  ['cart-db', 'cart-*', true],
  ['cart-', 'cart-*', true],
  ['cart', 'cart-*', false],
  ['my-cart', '*cart', true],
  ['cart', '*', true],
  ['', '*', true],
  ['a-b-c', 'a*b*c', true],
  ['ac', 'a*b*c', false],
  ['aba', 'ab*ba', false], // the pieces must not share a letter
  ['ab', 'ab*', true],
  ['a.b', 'a?b', false],
  ['axb', 'a.b', false],
])('%j fits %j: %p', (name, pattern, fits) => {
  expect(fitsPattern(name, pattern)).toBe(fits);
});

test('agrees with the obvious regular expression', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.'), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '*'), maxLength: 8 });
  fc.assert(
    fc.property(text, pattern, (name, glob) => {
      const obvious = new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '.*')}$`);
      expect(fitsPattern(name, glob)).toBe(obvious.test(name));
    }),
    { numRuns: 2_000 },
  );
});

test('a hostile pattern takes no time', () => {
  const began = cpuTimeMs();
  expect(fitsPattern('a'.repeat(253), `${'a*'.repeat(126)}b`)).toBe(false);
  expect(cpuTimeMs() - began).toBeLessThan(50);
});
