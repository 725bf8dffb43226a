import { describe, expect, test } from '@jest/globals';
import { readPatch } from '../../../../src/actions/patch/read-patch.ts';
import type { FieldPatch, PatchAction } from '../../../../src/api/healing-action.ts';

const cart = {
  metadata: { name: 'cart' },
  spec: { replicas: 2, containers: [{ name: 'app', args: ['a'] }] },
};
const read = (action: PatchAction) => readPatch(action, cart);
const problem = (action: PatchAction): string => {
  const found = read(action);
  return found.readable ? JSON.stringify(found.patch) : found.message;
};
const set = (...patches: [string[], string][]) =>
  read({ patches: patches.map(([path, value]): FieldPatch => ({ path, value })) });

describe('a patch as text', () => {
  test.each<[string, PatchAction, object]>([
    [
      'JSON, strategic by default',
      { patch: '{"spec": {"paused": true}}' },
      { type: 'strategic', body: { spec: { paused: true } } },
    ],
    [
      'YAML',
      { type: 'merge', patch: 'spec:\n  paused: null # gone\n' },
      { type: 'merge', body: { spec: { paused: null } } },
    ],
    [
      'a list of operations',
      { type: 'json', patch: '- {op: remove, path: /spec/paused}' },
      { type: 'json', body: [{ op: 'remove', path: '/spec/paused' }] },
    ],
    [
      'words that only look like booleans',
      { patch: 'metadata: {annotations: {a: yes, b: "2"}}' },
      { type: 'strategic', body: { metadata: { annotations: { a: 'yes', b: '2' } } } },
    ],
  ])('is read: %s', (_name, action, patch) => {
    expect(read(action)).toEqual({ readable: true, patch });
  });

  test('has no key that reaches into what every object inherits', () => {
    const found = read({ patch: '__proto__: {polluted: true}' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(JSON.stringify(found)).toContain('"__proto__":{"polluted":true}');
  });

  test.each<[string, PatchAction, RegExp]>([
    ['nothing', {}, /is an object, such as/],
    ['a word', { patch: 'hello' }, /is an object/],
    ['a list where an object is due', { type: 'merge', patch: '[1]' }, /a merge patch is an object/],
    ['an object where a list is due', { type: 'json', patch: '{}' }, /is a list of operations/],
    ['no operations', { type: 'json', patch: '[]' }, /is a list of operations/],
    ['half an operation', { type: 'json', patch: '[{"op": "remove"}]' }, /is a list of operations/],
    ['broken text', { patch: 'a: [1' }, /neither JSON nor YAML: /],
    ['a key twice', { patch: 'a: 1\na: 2' }, /neither JSON nor YAML: .*unique/],
    ['two documents', { patch: 'a: 1\n---\nb: 2' }, /neither JSON nor YAML: .*multiple documents/],
    ['an alias', { patch: 'a: &x [1]\nb: *x' }, /neither JSON nor YAML: .*alias/i],
    ['a tag', { patch: 'a: !!binary aGk=\nb: !own 1' }, /neither JSON nor YAML: .*tag/i],
    ['what is no number in JSON', { patch: 'a: .nan' }, /NaN is no number/],
    ['a deep one', { patch: '['.repeat(40) + ']'.repeat(40) }, /more than 32 levels/],
    ['a very deep one', { patch: '{"a":'.repeat(1_200) + '1' + '}'.repeat(1_200) }, /more than 32 levels/],
    ['a very deep YAML', { patch: '['.repeat(8_000) }, /neither JSON nor YAML|more than 32 levels/],
  ])('is refused with words: %s', (_name, action, message) => {
    expect(problem(action)).toMatch(message);
  });

  test('with aliases that grow without bound is refused at once', () => {
    const lines = Array.from(
      { length: 30 },
      (_, index) => `a${index + 1}: &a${index + 1} [${`*a${index},`.repeat(9)}]`,
    );
    expect(problem({ patch: ['a0: &a0 [x]', ...lines].join('\n') })).toMatch(/alias/i);
  });
});

describe('patches', () => {
  test('set one field after the other, and make what is missing on the way', () => {
    expect(
      set(
        [['spec', 'replicas'], '3'],
        [['metadata', 'annotations', 'a/b'], '7'],
        [['metadata', 'annotations', 'c'], '"quoted"'],
        [['spec', 'containers', '0', 'args', '1'], 'plain words'],
        [['spec', 'strategy'], '{"type": "Recreate"}'],
        [['spec', 'replicas'], 'null'],
      ),
    ).toEqual({
      readable: true,
      patch: {
        type: 'json',
        body: [
          { op: 'replace', path: '/spec/replicas', value: 3 },
          { op: 'add', path: '/metadata/annotations', value: {} },
          { op: 'add', path: '/metadata/annotations/a~1b', value: '7' },
          { op: 'add', path: '/metadata/annotations/c', value: 'quoted' },
          { op: 'add', path: '/spec/containers/0/args/1', value: 'plain words' },
          { op: 'add', path: '/spec/strategy', value: { type: 'Recreate' } },
          { op: 'remove', path: '/spec/replicas' },
        ],
      },
    });
  });

  test('count when both are there, as the original had it', () => {
    expect(read({ patch: '{"a": 1}', patches: [{ path: ['spec', 'paused'], value: 'true' }] })).toEqual({
      readable: true,
      patch: { type: 'json', body: [{ op: 'add', path: '/spec/paused', value: true }] },
    });
  });

  test('that take away what is not there ask for nothing', () => {
    expect(set([['spec', 'paused'], 'null'])).toEqual({ readable: true, patch: { type: 'json', body: [] } });
  });

  test.each<[string, string[], RegExp]>([
    [
      'a list without an index',
      ['spec', 'containers', 'app', 'image'],
      /spec\.containers is a list: .* instead of app/,
    ],
    ['an item that is not there', ['spec', 'containers', '3', 'image'], /has 1 items, and none at 3/],
    ['a field of a number', ['spec', 'replicas', 'x'], /spec\.replicas is a single value and has no x/],
  ])('are refused for %s', (_name, path, message) => {
    const found = set([path, 'x']);
    expect(found.readable ? '' : found.message).toMatch(message);
  });
});
