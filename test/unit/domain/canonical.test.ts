import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import { canonical } from '../../../src/domain/canonical.ts';

/** The same value with the fields of every object in reverse order. */
const turned = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, turned(inner)]),
  );
};

describe('canonical', () => {
  test('equal values have equal text, whatever order their fields came in', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonical(turned(value))).toBe(canonical(value));
      }),
    );
  });

  test('it is JSON of the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const plain = JSON.parse(JSON.stringify(value)) as unknown;
        expect(JSON.parse(canonical(plain))).toEqual(plain);
      }),
    );
  });

  test('the order of a list counts, and an absent field is like an undefined one', () => {
    expect(canonical([1, 2])).not.toBe(canonical([2, 1]));
    expect(canonical({ a: 1, b: undefined })).toBe(canonical({ a: 1 }));
  });
});
