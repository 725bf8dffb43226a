import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  changesIn,
  firstUnlike,
  inverted,
  operationsFor,
  touchedValues,
} from '../../../src/domain/field-operations.ts';
import type { JsonPatchOperation } from '../../../src/domain/json-patch.ts';
import { differences, leafDifferences } from '../../../src/domain/object-diff.ts';
import { applyJsonPatch, type Raw } from '../../support/memory-api-server.ts';

const apply = (object: unknown, operations: readonly JsonPatchOperation[]): unknown =>
  applyJsonPatch(object as Raw, operations);

const MAPS = ['annotations', 'labels', 'limits', 'requests', 'nodeSelector'];
/** As the API server keeps it: without null, and without maps that are empty. */
function kept(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(kept);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, kept(inner)] as const)
      .filter(
        ([key, inner]) =>
          inner !== null && !(MAPS.includes(key) && Object.keys(inner as object).length === 0 && !Array.isArray(inner)),
      ),
  );
}

const key = fc.constantFrom('a', 'b', 'x/y', '~', '0', 'name', 'annotations', 'limits');
const single = fc.oneof(fc.string({ maxLength: 3 }), fc.integer({ min: -2, max: 2 }), fc.boolean());
const { value: json } = fc.letrec<{ value: unknown; object: object; item: object }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    single,
    tie('object'),
    fc.array(single, { maxLength: 3 }),
    fc.array(tie('item'), { maxLength: 3 }),
  ),
  object: fc.dictionary(key, tie('value'), { maxKeys: 4 }),
  item: fc
    .tuple(fc.constantFrom('app', 'proxy', 'extra'), fc.dictionary(key, tie('value'), { maxKeys: 3 }))
    .map(([name, rest]) => ({ ...rest, name })),
}));
const object = fc.dictionary(key, json, { maxKeys: 5 }).map((root) => kept(root) as object);

/** Two objects of which one often is the other with a few fields changed. */
const pair = fc.oneof(
  fc.tuple(object, object),
  fc
    .tuple(object, key, json)
    .map(([before, name, value]) => [before, kept({ ...before, [name]: value }) as object] as const),
);

describe('operations', () => {
  test('make the one object into the other, as another JSON Patch says; and back again', () => {
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const operations = operationsFor(before, differences(before, after));
        const patched = apply(before, operations);
        expect(kept(patched)).toEqual(after);

        const changes = changesIn(JSON.parse(JSON.stringify(operations)) as JsonPatchOperation[]);
        expect(firstUnlike(before, changes)).toBeUndefined();
        expect(operationsFor(before, changes.fields)).toEqual(operations);
        // The API server has dropped what is empty by the time that it is taken back.
        const stored = kept(patched);
        expect(firstUnlike(stored, inverted(changes))).toBeUndefined();
        expect(kept(apply(stored, operationsFor(stored, inverted(changes).fields)))).toEqual(before);
      }),
      { numRuns: 1_000 },
    );
  });

  test('test every value before they touch it', () => {
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const operations = operationsFor(before, differences(before, after));
        for (const [index, { op, path }] of operations.entries())
          if (op !== 'test') expect(operations[index - 1]).toMatchObject({ op: 'test', path });
      }),
    );
  });

  test('are there exactly if a leaf differs, and only touch what leaves differ below', () => {
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const leaves = leafDifferences(before, after);
        expect(leaves.length > 0).toBe(differences(before, after).length > 0);
        for (const { before: old, after: now } of leaves) expect(old).not.toEqual(now);
      }),
    );
  });
});

describe('a change of fields', () => {
  const web = {
    metadata: {},
    spec: {
      containers: [
        { name: 'app', image: 'a:1' },
        { name: 'proxy', image: 'p:1' },
      ],
    },
  };
  const newer = {
    metadata: { annotations: { 'example.org/a': 'b' } },
    spec: {
      containers: [
        { name: 'app', image: 'a:1' },
        { name: 'proxy', image: 'p:2' },
      ],
    },
  };
  const operations = operationsFor(web, differences(web, newer));
  const changes = changesIn(operations);

  test('makes missing parents, and tests that indexes mean the same items', () => {
    expect(operations).toEqual([
      { op: 'test', path: '/metadata/annotations', value: null },
      { op: 'add', path: '/metadata/annotations', value: {} },
      { op: 'test', path: '/metadata/annotations/example.org~1a', value: null },
      { op: 'add', path: '/metadata/annotations/example.org~1a', value: 'b' },
      { op: 'test', path: '/spec/containers/1/name', value: 'proxy' },
      { op: 'test', path: '/spec/containers/1/image', value: 'p:1' },
      { op: 'replace', path: '/spec/containers/1/image', value: 'p:2' },
    ]);
    expect(changes).toEqual({
      fields: [
        { path: ['metadata', 'annotations', 'example.org/a'], before: undefined, after: 'b' },
        { path: ['spec', 'containers', '1', 'image'], before: 'p:1', after: 'p:2' },
      ],
      anchors: [{ path: ['spec', 'containers', '1', 'name'], value: 'proxy' }],
    });
  });

  test('holds while others change other things, and not when they change its own', () => {
    const others = { ...web, metadata: { annotations: { other: 'x' }, labels: { a: 'b' } } };
    expect(firstUnlike(others, changes)).toBeUndefined();
    const first = { name: 'first', image: 'f:1' };
    expect(firstUnlike({ spec: { containers: [first, ...web.spec.containers] } }, changes)).toEqual([
      'spec',
      'containers',
      '1',
      'name',
    ]);
    expect(firstUnlike(newer, changes)).toEqual(['metadata', 'annotations', 'example.org/a']);
    expect(touchedValues(web, changes)).toEqual(['proxy', null, 'p:1']);
  });

  test('replaces a list as a whole when its items come or go', () => {
    const fewer = { spec: { containers: [{ name: 'proxy', image: 'p:1' }] } };
    expect(operationsFor(web.spec, differences(web.spec, fewer.spec))).toEqual([
      { op: 'test', path: '/containers', value: web.spec.containers },
      { op: 'replace', path: '/containers', value: fewer.spec.containers },
    ]);
  });
});
