import { describe, expect, test } from '@jest/globals';
import { leafDifferences, namedPath, namesOf } from '../../../src/domain/object-diff.ts';
import { readablePath } from '../../../src/domain/object-path.ts';

const shown = (value: unknown): string => (value === undefined ? '-' : JSON.stringify(value));
const said = (before: unknown, after: unknown): string[] =>
  leafDifferences(before, after).map(
    ({ path, before: old, after: now }) => `${readablePath(path)}: ${shown(old)} ${shown(now)}`,
  );
const containers = (...items: readonly object[]) => ({ spec: { containers: items } });

describe('leaves', () => {
  test.each<[string, unknown, unknown, string[]]>([
    [
      'single values',
      { spec: { paused: true, replicas: 2 } },
      { spec: { replicas: 3 } },
      ['spec.paused: true -', 'spec.replicas: 2 3'],
    ],
    ['what is added whole', {}, { a: { b: 1, c: [1, 2] } }, ['a.b: - 1', 'a.c: - [1,2]']],
    ['what is taken away whole', { a: { b: { c: 1 } } }, {}, ['a.b.c: 1 -']],
    ['an empty object', {}, { emptyDir: {} }, ['emptyDir: - {}']],
    ['null, which is absence', { a: null }, {}, []],
    ['lists of words, as one value', { args: ['a'] }, { args: ['a', 'b'] }, ['args: ["a"] ["a","b"]']],
    [
      'items by name, wherever they are',
      containers({ name: 'a', image: '1' }, { name: 'b', image: '1' }),
      containers({ name: 'new', image: '3' }, { name: 'a', image: '2' }),
      [
        'spec.containers[a].image: "1" "2"',
        'spec.containers[b].name: "b" -',
        'spec.containers[b].image: "1" -',
        'spec.containers[new].name: - "new"',
        'spec.containers[new].image: - "3"',
      ],
    ],
    [
      'the order of a list',
      containers({ name: 'a' }, { name: 'b' }),
      containers({ name: 'b' }, { name: 'a' }),
      ['spec.containers: ["a","b"] ["b","a"]'],
    ],
    [
      'items without names by position',
      { t: [{ key: 'a' }] },
      { t: [{ key: 'a' }, { key: 'b' }] },
      ['t[1].key: - "b"'],
    ],
    [
      'items of the same name by position',
      { t: [{ name: 'a' }, { name: 'a' }] },
      { t: [{ name: 'a' }, { name: 'a', v: 1 }] },
      ['t[1].v: - 1'],
    ],
    ['a kind that changes', { a: { b: 1 } }, { a: [1] }, ['a: {"b":1} [1]']],
    [
      'a key that every object inherits',
      {},
      JSON.parse('{"__proto__": {"a": 1}, "constructor": 2}') as unknown,
      ['[__proto__].a: - 1', 'constructor: - 2'],
    ],
  ])('are %s', (_name, before, after, expected) => {
    expect(said(before, after)).toEqual(expected);
  });
});

test('indexes are told by the names of the items', () => {
  const root = containers({ name: 'app', ports: [{ containerPort: 80 }] });
  expect(namedPath(root, ['spec', 'containers', '0', 'ports', '0', 'containerPort'])).toEqual([
    'spec',
    'containers',
    'app',
    'ports',
    '0',
    'containerPort',
  ]);
  expect(namesOf([{ name: 'a' }, { name: 'a' }])).toBeUndefined();
  expect(namesOf([{ name: 'a' }, { name: 1 }])).toBeUndefined();
});
