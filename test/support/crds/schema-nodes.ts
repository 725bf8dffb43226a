import type { Schema } from '../../../src/adapters/kubernetes/crd-schema.ts';

export interface SchemaNode {
  /** `HealingPolicy.spec.triggers[].type`; `[]` is an item of a list, `{}` a value of a map. */
  readonly path: string;
  readonly schema: Schema;
}

/** A schema and all that is in it. */
export function nodesOf(schema: Schema, path: string): SchemaNode[] {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
  const items = schema['items'] as Schema | undefined;
  const values = schema['additionalProperties'] as Schema | undefined;
  return [
    { path, schema },
    ...properties.flatMap(([name, property]) => nodesOf(property, `${path}.${name}`)),
    ...(items === undefined ? [] : nodesOf(items, `${path}[]`)),
    ...(values === undefined ? [] : nodesOf(values, `${path}{}`)),
  ];
}
