import { expect, test } from '@jest/globals';
import { withoutFinalizer } from '../../../src/domain/finalizer.ts';

const held = (...finalizers: string[]) => ({ metadata: { name: 'j', uid: 'u', resourceVersion: '1', finalizers } });

test('takes one finalizer off exactly the object that was read', () => {
  expect(withoutFinalizer(held('a/b', 'ours/x'), 'ours/x')).toEqual([
    { op: 'test', path: '/metadata/uid', value: 'u' },
    { op: 'test', path: '/metadata/finalizers', value: ['a/b', 'ours/x'] },
    { op: 'replace', path: '/metadata/finalizers', value: ['a/b'] },
  ]);
});

test('has nothing to take off an object that others hold, or nobody', () => {
  expect(withoutFinalizer(held('a/b'), 'ours/x')).toBeUndefined();
  expect(withoutFinalizer({ metadata: { name: 'j', uid: 'u', resourceVersion: '1' } }, 'ours/x')).toBeUndefined();
});
