import { describe, expect, test } from '@jest/globals';
import { byName, inOrder, nameAt } from '../../../src/domain/naming.ts';

const actions = [
  { type: 'restart' },
  { name: 'back', type: 'undo', priority: 10 },
  { type: 'restart', priority: 10 },
] as const;

describe('names', () => {
  test('a nameless item goes by its type and place', () => {
    expect(actions.map(nameAt)).toEqual(['restart-1', 'back', 'restart-3']);
    expect(byName(actions, 'restart-3')).toEqual({ name: 'restart-3', type: 'restart', priority: 10 });
    expect(byName(actions, 'restart-2')).toBeUndefined();
  });

  test('a name that means two items means none', () => {
    const twice = [{ type: 'restart' }, { name: 'restart-1', type: 'undo' }];
    expect(byName(twice, 'restart-1')).toBeUndefined();
  });
});

describe('order', () => {
  test('the lowest priority number first, 50 when there is none, then as listed', () => {
    expect(inOrder([...actions, { name: 'last', type: 'scale', priority: 60 }]).map(({ name }) => name)).toEqual([
      'back',
      'restart-3',
      'restart-1',
      'last',
    ]);
  });
});
