import { describe, expect, test } from '@jest/globals';
import { findCondition, isTrue, setConditions } from '../../../src/domain/condition.ts';

const change = (status: 'True' | 'False' | 'Unknown', message = 'm') =>
  ({ type: 'Approved', status, reason: 'Approved', message }) as const;

describe('setConditions', () => {
  test('the transition time moves with the status only', () => {
    const first = setConditions(undefined, [change('Unknown')], 't1');
    const second = setConditions(first, [change('Unknown', 'other words')], 't2');
    const third = setConditions(second, [change('True')], 't3');

    expect(second[0]).toMatchObject({ message: 'other words', lastTransitionTime: 't1' });
    expect(third[0]).toMatchObject({ status: 'True', lastTransitionTime: 't3' });
  });

  test('other conditions stay, in their order', () => {
    const list = setConditions(
      setConditions(undefined, [{ ...change('True'), type: 'Accepted' }, change('Unknown')], 't1'),
      [change('True')],
      't2',
      7,
    );
    expect(list.map(({ type, lastTransitionTime }) => [type, lastTransitionTime])).toEqual([
      ['Accepted', 't1'],
      ['Approved', 't2'],
    ]);
    expect(findCondition(list, 'Approved')?.observedGeneration).toBe(7);
  });
});

describe('isTrue', () => {
  test('is false for what is absent or not True', () => {
    const list = setConditions(undefined, [change('Unknown')], 't');
    expect([isTrue(undefined, 'Approved'), isTrue(list, 'Approved'), isTrue(list, 'Executed')]).toEqual([
      false,
      false,
      false,
    ]);
    expect(isTrue(setConditions(list, [change('True')], 't'), 'Approved')).toBe(true);
  });
});
