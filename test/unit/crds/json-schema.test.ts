import { describe, expect, test } from '@jest/globals';
import { compileCrd, describeErrors, toJsonSchema, type Schema } from '../../../src/adapters/kubernetes/crd-schema.ts';

/** Faults of one value under one property schema. */
function faults(schema: Schema, value: unknown): string[] {
  const validate = compileCrd({ type: 'object', properties: { field: schema } });
  return validate({ apiVersion: 'v1', kind: 'Thing', metadata: {}, field: value })
    ? []
    : describeErrors(validate.errors);
}

describe('a structural schema as JSON Schema', () => {
  test.each<[string, Schema, unknown]>([
    ['an integer or a string: integer', { 'x-kubernetes-int-or-string': true }, 3],
    [
      'an integer or a string: string',
      { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      '25%',
    ],
    ['null where that is allowed', { type: 'string', nullable: true, enum: ['a'] }, null],
    ['a date with an offset', { type: 'string', format: 'date-time' }, '2026-01-01T00:00:00+02:00'],
    [
      'unknown fields that are kept',
      { type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true },
      { deep: [1] },
    ],
    ['any key of a map', { type: 'object', additionalProperties: { type: 'string' } }, { a: 'b' }],
    ['the largest 32-bit number', { type: 'integer', format: 'int32' }, 2 ** 31 - 1],
    [
      'one of several alternatives',
      {
        type: 'object',
        properties: { a: { type: 'string' }, b: { type: 'string' } },
        oneOf: [{ required: ['a'] }, { required: ['b'] }],
      },
      { a: 'x' },
    ],
  ])('accepts %s', (_, schema, value) => {
    expect(faults(schema, value)).toEqual([]);
  });

  test.each<[string, Schema, unknown, string]>([
    [
      'a boolean for an integer or a string',
      { 'x-kubernetes-int-or-string': true },
      true,
      'field: must be integer,string',
    ],
    ['null where that is not allowed', { type: 'string' }, null, 'field: must be string'],
    [
      'a date that is none',
      { type: 'string', format: 'date-time' },
      'tomorrow',
      'field: must match format "date-time"',
    ],
    ['an unknown field', { type: 'object', properties: {} }, { a: 1 }, 'field: unknown field "a"'],
    ['more than 32 bits', { type: 'integer', format: 'int32' }, 2 ** 31, 'field: must match format "int32"'],
    ['what is excluded', { type: 'integer', not: { enum: [3] } }, 3, 'field: must NOT be valid'],
    [
      'the bound itself if it is exclusive',
      { type: 'number', minimum: 0, exclusiveMinimum: true },
      0,
      'field: must be > 0',
    ],
    ['the item of a list', { type: 'array', items: { type: 'string' } }, ['a', 1], 'field[1]: must be string'],
  ])('refuses %s', (_, schema, value, fault) => {
    expect(faults(schema, value)).toContain(fault);
  });

  test('leaves CEL out, which only the API server judges', () => {
    expect(toJsonSchema({ type: 'string', 'x-kubernetes-validations': [{ rule: 'false' }] })).toEqual({
      type: 'string',
    });
  });
});
