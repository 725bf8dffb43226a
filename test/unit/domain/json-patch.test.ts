import { describe, expect, test } from '@jest/globals';
import { pointer, setInMap, testInMap } from '../../../src/domain/json-patch.ts';

describe('pointer', () => {
  test('escapes what has a meaning in a pointer', () => {
    expect(pointer('metadata', 'annotations', 'kubeskippy.io/a~b')).toBe('/metadata/annotations/kubeskippy.io~1a~0b');
    expect(pointer('~1')).toBe('/~01');
    expect(pointer()).toBe('');
  });
});

describe('one key of a map of strings', () => {
  const path = ['metadata', 'labels'];

  test('is set in the map that is there, or in a new one if there still is none', () => {
    expect(setInMap({ a: '1' }, path, 'x/y', 'v')).toEqual([{ op: 'add', path: '/metadata/labels/x~1y', value: 'v' }]);
    expect(setInMap(undefined, path, 'x/y', 'v')).toEqual([
      { op: 'test', path: '/metadata/labels', value: null },
      { op: 'add', path: '/metadata/labels', value: { 'x/y': 'v' } },
    ]);
  });

  test('is tested for the value that was read, also for none', () => {
    expect(testInMap({ a: '1' }, path, 'a')).toEqual([{ op: 'test', path: '/metadata/labels/a', value: '1' }]);
    expect(testInMap({ a: '1' }, path, 'b')).toEqual([{ op: 'test', path: '/metadata/labels/b', value: null }]);
    expect(testInMap(undefined, path, 'b')).toEqual([{ op: 'test', path: '/metadata/labels', value: null }]);
  });

  test('that every object inherits is not there', () => {
    expect(testInMap({}, path, 'constructor')).toEqual([
      { op: 'test', path: '/metadata/labels/constructor', value: null },
    ]);
  });
});
