import type { Schema } from '../src/adapters/kubernetes/crd-schema.ts';
import type { Bounds } from '../src/api/bounds.ts';
import type { CrdSource } from './crd-types.ts';

const entriesOf = (schema: Schema): [string, Schema][] =>
  Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
const inner = (schema: unknown): Bounds | undefined =>
  typeof schema === 'object' ? boundsOf(schema as Schema) : undefined;

/** The bounds in a schema; undefined when there are none in it. */
export function boundsOf(schema: Schema): Bounds | undefined {
  switch (schema['type']) {
    case 'string': {
      // What has a form of its own must not be cut: a part of a digest or of a name means something else.
      const formed = ['pattern', 'enum', 'format'].some((key) => schema[key] !== undefined);
      return formed || schema['maxLength'] === undefined ? undefined : { maxLength: Number(schema['maxLength']) };
    }
    case 'array': {
      const items = inner(schema['items']);
      return { maxItems: Number(schema['maxItems']), ...(items === undefined ? {} : { items }) };
    }
    case 'object': {
      const values = inner(schema['additionalProperties']);
      if (schema['maxProperties'] !== undefined)
        return { maxProperties: Number(schema['maxProperties']), ...(values === undefined ? {} : { values }) };
      const fields = entriesOf(schema).flatMap(([name, property]) => {
        const bounds = boundsOf(property);
        return bounds === undefined ? [] : [[name, bounds] as const];
      });
      return fields.length === 0 ? undefined : { fields: Object.fromEntries(fields) };
    }
    default:
      return undefined;
  }
}

/** Source text of the module with the bounds of every status, not yet formatted. */
export function emitStatusBounds(crds: readonly CrdSource[]): string {
  const declared = crds.map(({ kind, schema }) => {
    const status = entriesOf(schema).find(([name]) => name === 'status')?.[1];
    const name = `${kind.charAt(0).toLowerCase()}${kind.slice(1)}StatusBounds`;
    const bounds = status && boundsOf(status);
    if (bounds === undefined) throw new Error(`${kind} has no bounded status`);
    return `\n/** Bounds of \`${kind}.status\`, as in its CRD. */\nexport const ${name}: Bounds = ${JSON.stringify(bounds)};\n`;
  });
  return (
    `// Generated from ${crds.map(({ file }) => file).join(' and ')} by \`npm run gen\`. Do not edit.\n` +
    `import type { Bounds } from './bounds.ts';\n${declared.join('')}`
  );
}
