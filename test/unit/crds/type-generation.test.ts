import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { format, resolveConfig } from 'prettier';
import { emitStatusBounds } from '../../../scripts/crd-bounds.ts';
import { emitTypes, type CrdSource } from '../../../scripts/crd-types.ts';
import { readCrds } from '../../../scripts/read-crds.ts';

const crd = (kind: string, spec: object): CrdSource => ({
  file: `crds/${kind}.yaml`,
  kind,
  apiVersion: 'example.org/v1',
  schema: {
    type: 'object',
    required: ['spec'],
    properties: { spec: { title: `${kind}Spec`, type: 'object', ...spec } },
  },
});
const size = (description: string) => ({
  title: 'Size',
  type: 'object',
  description,
  required: ['width'],
  properties: { width: { type: 'integer' } },
});

describe('types from CRDs', () => {
  test('what is committed matches crds/', async () => {
    const crds = await readCrds('crds');
    for (const [name, source] of [...emitTypes(crds), ['status-bounds.ts', emitStatusBounds(crds)] as const]) {
      const path = `src/api/${name}`;
      const text = await format(source, { ...(await resolveConfig(path)), parser: 'typescript' });
      expect({ path, text: readFileSync(path, 'utf8') }).toEqual({ path, text });
    }
  });

  test('every kind of schema has its type', () => {
    const source = emitTypes([
      crd('Box', {
        required: ['name', 'tags'],
        properties: {
          name: { type: 'string', description: 'Says so.' },
          count: { type: 'integer', default: 3, description: 'How many.' },
          open: { type: 'boolean' },
          ratio: { type: 'number' },
          mode: { type: 'string', enum: ['on', 'off'] },
          port: { 'x-kubernetes-int-or-string': true },
          tags: { type: 'array', items: { type: 'string', enum: ['a', 'b'] } },
          labels: { type: 'object', additionalProperties: { type: 'string' } },
          free: { type: 'object' },
          inner: { type: 'object', properties: { x: { type: 'string' } } },
          size: size('Big.'),
        },
      }),
    ]).get('box.ts');
    const lines = source?.split('\n').map((line) => line.trim()) ?? [];
    expect(lines).toEqual(
      expect.arrayContaining([
        "readonly kind: 'Box';",
        "readonly apiVersion: 'example.org/v1';",
        'readonly spec: BoxSpec;',
        '/** Says so. */',
        'readonly name: string;',
        '/** How many. Default: `3`. */',
        'readonly count?: number;',
        'readonly open?: boolean;',
        'readonly ratio?: number;',
        'readonly mode?: "on" | "off";',
        'readonly port?: number | string;',
        'readonly tags: readonly ("a" | "b")[];',
        'readonly labels?: Readonly<Record<string, string>>;',
        'readonly free?: Readonly<Record<string, unknown>>;',
        'readonly inner?: { readonly x?: string;',
        'readonly size?: Size;',
        'export interface Size {',
        'readonly width: number;',
      ]),
    );
  });

  test('a type that two CRDs use is declared once', () => {
    const files = emitTypes([
      crd('Box', { properties: { size: size('Big.') } }),
      crd('Crate', { properties: { sizes: { type: 'array', items: size('Big.') } } }),
    ]);
    expect([...files.keys()]).toEqual(['box.ts', 'crate.ts', 'shared.ts']);
    expect(files.get('shared.ts')).toContain('export interface Size {');
    for (const name of ['box.ts', 'crate.ts']) {
      expect(files.get(name)).toContain("import type { Size } from './shared.ts';");
      expect(files.get(name)).not.toContain('interface Size');
    }
  });

  test('one title for two different shapes is an error', () => {
    const both = [
      crd('Box', { properties: { size: size('Big.') } }),
      crd('Crate', { properties: { size: size('Small.') } }),
    ];
    expect(() => emitTypes(both)).toThrow('two schemas with the title Size differ');
  });
});
