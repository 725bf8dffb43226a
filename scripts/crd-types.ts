import { isDeepStrictEqual } from 'node:util';
import type { Schema } from '../src/adapters/kubernetes/crd-schema.ts';

/** One CRD and where it was read. */
export interface CrdSource {
  readonly file: string;
  readonly kind: string;
  readonly apiVersion: string;
  readonly schema: Schema;
}

interface Declaration {
  readonly schema: Schema;
  readonly kinds: Set<string>;
}

const SHARED = 'shared.ts';
const asSchema = (value: unknown): Schema => value as Schema;
const entries = (value: unknown): [string, Schema][] => Object.entries((value ?? {}) as Record<string, Schema>);

/** Schemas with a `title` become named types. The same title must mean the same wherever it stands. */
function collect(schema: Schema, kind: string, found: Map<string, Declaration>): void {
  const title = schema['title'];
  if (typeof title === 'string') {
    const known = found.get(title);
    if (known !== undefined && !isDeepStrictEqual(known.schema, schema))
      throw new Error(`two schemas with the title ${title} differ; make them equal or name one of them otherwise`);
    if (known === undefined) found.set(title, { schema, kinds: new Set([kind]) });
    else known.kinds.add(kind);
  }
  for (const [, property] of entries(schema['properties'])) collect(property, kind, found);
  for (const inner of [schema['items'], schema['additionalProperties']])
    if (typeof inner === 'object') collect(asSchema(inner), kind, found);
}

const comment = (schema: Schema): string => {
  const text = schema['description'];
  if (typeof text !== 'string') return '';
  const value = schema['default'];
  const hint = value === undefined || typeof value === 'object' ? '' : ` Default: \`${JSON.stringify(value)}\`.`;
  return `/** ${text.replaceAll('*/', '* /')}${hint} */\n`;
};

function fields(schema: Schema): string {
  const required = new Set(schema['required'] as string[] | undefined);
  return entries(schema['properties'])
    .map(
      ([name, property]) =>
        `${comment(property)}readonly ${name}${required.has(name) ? '' : '?'}: ${typeOf(property)};\n`,
    )
    .join('');
}

/** The TypeScript type of one schema. Structural schemas have no unions but enums and int-or-string. */
function typeOf(schema: Schema): string {
  if (typeof schema['title'] === 'string') return schema['title'];
  if (schema['x-kubernetes-int-or-string'] === true) return 'number | string';
  if (Array.isArray(schema['enum'])) return schema['enum'].map((value) => JSON.stringify(value)).join(' | ');
  switch (schema['type']) {
    case 'string':
    case 'boolean':
      return schema['type'];
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return `readonly (${typeOf(asSchema(schema['items']))})[]`;
    case 'object':
      if (schema['properties'] !== undefined) return `{ ${fields(schema)} }`;
      return typeof schema['additionalProperties'] === 'object'
        ? `Readonly<Record<string, ${typeOf(asSchema(schema['additionalProperties']))}>>`
        : 'Readonly<Record<string, unknown>>';
    default:
      throw new Error(`no TypeScript type for a schema of type ${String(schema['type'])}`);
  }
}

const declare = (title: string, schema: Schema): string =>
  `${comment(schema)}export interface ${title} {\n${fields(schema)}}\n`;

/** Every CRD object carries these; the API server implies their schema. */
function declareRoot(crd: CrdSource): string {
  const implied =
    `readonly apiVersion: '${crd.apiVersion}';\nreadonly kind: '${crd.kind}';\n` + 'readonly metadata: ObjectMeta;\n';
  return `${comment(crd.schema)}export interface ${crd.kind} {\n${implied}${fields(crd.schema)}}\n`;
}

const kebab = (kind: string): string => kind.replace(/(?<=[a-z])[A-Z]/g, '-$&').toLowerCase();
const banner = (files: readonly string[]): string =>
  `// Generated from ${files.join(' and ')} by \`npm run gen\`. Do not edit.\n`;

/** File name → source text, not yet formatted. */
export function emitTypes(crds: readonly CrdSource[]): Map<string, string> {
  const found = new Map<string, Declaration>();
  for (const crd of crds) for (const [, part] of entries(crd.schema['properties'])) collect(part, crd.kind, found);
  const shared = [...found].filter(([, { kinds }]) => kinds.size > 1);
  const out = new Map<string, string>();
  for (const crd of crds) {
    const own = [...found].filter(([, { kinds }]) => kinds.size === 1 && kinds.has(crd.kind));
    const body = declareRoot(crd) + own.map(([title, { schema }]) => '\n' + declare(title, schema)).join('');
    const foreign = shared
      .filter(([, { kinds }]) => kinds.has(crd.kind))
      .map(([title]) => title)
      .sort();
    const used = foreign.filter((title) => new RegExp(`: .*\\b${title}\\b`).test(body));
    out.set(
      `${kebab(crd.kind)}.ts`,
      banner([crd.file]) +
        `import type { ObjectMeta } from './meta.ts';\n` +
        (used.length === 0 ? '' : `import type { ${used.join(', ')} } from './${SHARED}';\n`) +
        (foreign.length === 0 ? '' : `\nexport type { ${foreign.join(', ')} } from './${SHARED}';\n`) +
        `\n${body}`,
    );
  }
  if (shared.length > 0)
    out.set(
      SHARED,
      banner(crds.map(({ file }) => file)) +
        shared.map(([title, { schema }]) => '\n' + declare(title, schema)).join(''),
    );
  return out;
}
