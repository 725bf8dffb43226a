import type { Schema } from '../../../src/adapters/kubernetes/crd-schema.ts';

const NUMBER_LENGTH = 20;
const DATE_LENGTH = '"2026-01-01T00:00:00.000000Z"'.length;
const MAP_KEY_LENGTH = 63;

/** Length of the longest JSON that a schema admits: all fields there, all lists full, all text plain ASCII. */
export function largestJson(schema: Schema): number {
  if (Array.isArray(schema['enum'])) return Math.max(...schema['enum'].map((value) => JSON.stringify(value).length));
  switch (schema['type']) {
    case 'string':
      return schema['format'] === 'date-time' ? DATE_LENGTH : Number(schema['maxLength']) + 2;
    case 'boolean':
      return 'false'.length;
    case 'integer':
    case 'number':
      return NUMBER_LENGTH;
    case 'array':
      return 2 + Number(schema['maxItems']) * (largestJson(schema['items'] as Schema) + 1);
    case 'object': {
      const values = schema['additionalProperties'] as Schema | undefined;
      if (values !== undefined) return 2 + Number(schema['maxProperties']) * (MAP_KEY_LENGTH + 4 + largestJson(values));
      const properties = Object.entries(schema['properties'] as Record<string, Schema>);
      return 2 + properties.reduce((sum, [name, property]) => sum + name.length + 4 + largestJson(property), 0);
    }
    default:
      throw new Error(`no largest JSON for type ${String(schema['type'])}`);
  }
}
