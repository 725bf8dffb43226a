import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { fullFormats } from 'ajv-formats/dist/formats.js';

/** A structural schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** OpenAPI 3.0 formats whose JSON Schema meaning is the one that the API server enforces. */
const FORMATS = new Set(['int32', 'int64', 'float', 'double', 'byte', 'date-time', 'uuid']);
const COPIED = new Set([
  'title',
  'description',
  'default',
  'enum',
  'required',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
]);
const BOUNDS = [
  ['minimum', 'exclusiveMinimum'],
  ['maximum', 'exclusiveMaximum'],
] as const;
const JUNCTORS = ['allOf', 'anyOf', 'oneOf'] as const;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const mapValues = (value: unknown, rewrite: (schema: Schema) => Schema): Record<string, Schema> =>
  Object.fromEntries(Object.entries(value as Record<string, Schema>).map(([name, schema]) => [name, rewrite(schema)]));

/**
 * Rewrites a structural schema (a CRD's `openAPIV3Schema`) as JSON Schema draft-07. Unknown fields are refused, as by
 * `fieldValidation=Strict`. CEL rules are left out: only the API server judges those.
 */
export function toJsonSchema(source: Schema, structural = true): Schema {
  const out: Record<string, unknown> = {};
  const nullable = source['nullable'] === true;
  const intOrString = source['x-kubernetes-int-or-string'] === true;
  const inner = (schema: Schema): Schema => toJsonSchema(schema, structural);
  // Inside allOf, not, … stand rules about values, not the fields that there are.
  const rule = (schema: Schema): Schema => toJsonSchema(schema, false);

  for (const [key, value] of Object.entries(source)) if (COPIED.has(key)) out[key] = value;
  if (source['type'] !== undefined) out['type'] = nullable ? [source['type'], 'null'] : source['type'];
  if (intOrString) out['type'] = nullable ? ['integer', 'string', 'null'] : ['integer', 'string'];
  if (nullable && Array.isArray(source['enum'])) out['enum'] = [...(source['enum'] as unknown[]), null];
  if (FORMATS.has(String(source['format']))) out['format'] = source['format'];
  for (const [bound, exclusive] of BOUNDS)
    if (source[bound] !== undefined) out[source[exclusive] === true ? exclusive : bound] = source[bound];
  if (source['properties'] !== undefined) out['properties'] = mapValues(source['properties'], inner);
  if (isSchema(source['items'])) out['items'] = inner(source['items']);
  if (isSchema(source['not'])) out['not'] = rule(source['not']);
  for (const key of JUNCTORS) {
    const repeatsIntOrString = intOrString && key === 'anyOf';
    if (Array.isArray(source[key]) && !repeatsIntOrString) out[key] = (source[key] as Schema[]).map(rule);
  }
  const open =
    source['x-kubernetes-preserve-unknown-fields'] === true || source['x-kubernetes-embedded-resource'] === true;
  if (isSchema(source['additionalProperties'])) out['additionalProperties'] = inner(source['additionalProperties']);
  else if (structural && source['properties'] !== undefined && !open) out['additionalProperties'] = false;
  return out;
}

/** Validates objects of one CRD and fills in defaults, in place, as the API server would. */
export function compileCrd<T>(openAPIV3Schema: Schema): ValidateFunction<T> {
  const ajv = new Ajv({
    strict: true,
    allowUnionTypes: true,
    allErrors: true,
    useDefaults: true,
    formats: fullFormats,
    strictRequired: false,
  });
  const implied = { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } };
  return ajv.compile<T>(
    toJsonSchema({ ...openAPIV3Schema, properties: { ...implied, ...(openAPIV3Schema['properties'] as Schema) } }),
  );
}

/** One line per fault, with the path as the API server would write it: `spec.triggers[0].type: must be …`. */
export const describeErrors = (errors: readonly ErrorObject[] | null | undefined): string[] =>
  (errors ?? []).map((error) => {
    const path = error.instancePath
      .slice(1)
      .replace(/\/(\d+)(?=\/|$)/g, '[$1]')
      .replaceAll('/', '.')
      .replaceAll('~1', '/')
      .replaceAll('~0', '~');
    const { additionalProperty, allowedValues } = error.params as {
      additionalProperty?: string;
      allowedValues?: unknown[];
    };
    if (additionalProperty !== undefined) return `${path}: unknown field "${additionalProperty}"`;
    const allowed =
      allowedValues === undefined ? '' : `: ${allowedValues.map((value) => JSON.stringify(value)).join(', ')}`;
    return `${path}: ${error.message ?? error.keyword}${allowed}`;
  });
