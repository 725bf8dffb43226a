import { describe, expect, test } from '@jest/globals';
import { REASONS } from '../../../src/api/constants.ts';
import type { Condition } from '../../../src/domain/condition.ts';
import { derivePhase, isSuccess, isTerminal, type OutcomeReason } from '../../../src/domain/outcome.ts';

const condition = (type: string, status: Condition['status'], reason: string = type): Condition => ({
  type,
  status,
  reason,
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

describe('derivePhase', () => {
  test.each<[string, Condition[] | undefined, string]>([
    ['nothing yet', undefined, 'Pending'],
    ['accepted', [condition('Accepted', 'True')], 'Pending'],
    ['waiting for a person', [condition('Approved', 'Unknown')], 'Pending'],
    ['approved', [condition('Approved', 'True')], 'Approved'],
    ['approved, waiting for a slot', [condition('Approved', 'True'), condition('Reserved', 'False')], 'Approved'],
    ['reserved', [condition('Approved', 'True'), condition('Reserved', 'True')], 'InProgress'],
    ['waiting for an operator', [condition('Executed', 'False', 'AwaitingOperator')], 'InProgress'],
    ['executed', [condition('Executed', 'True'), condition('Succeeded', 'Unknown')], 'InProgress'],
    ['verified, but not reported yet', [condition('Verified', 'True'), condition('Executed', 'True')], 'InProgress'],
    ['healed', [condition('Succeeded', 'True', 'Healed')], 'Succeeded'],
  ])('%s', (_name, conditions, phase) => {
    expect(derivePhase(conditions)).toBe(phase);
  });

  const outcomes: Record<OutcomeReason, string> = {
    Healed: 'Succeeded',
    DryRunCompleted: 'Succeeded',
    Rejected: 'Cancelled',
    Expired: 'Cancelled',
    Aborted: 'Cancelled',
    Skipped: 'Cancelled',
    Deleted: 'Cancelled',
    TargetGone: 'Cancelled',
    PolicyDeleted: 'Cancelled',
    Refused: 'Failed',
    NotHealed: 'Failed',
    RolledBack: 'Failed',
    NeedsHuman: 'Failed',
  };
  test.each(Object.entries(outcomes))('an action that ended as %s is %s', (reason, phase) => {
    const success = isSuccess(reason as OutcomeReason);
    expect(derivePhase([condition('Succeeded', success ? 'True' : 'False', reason)])).toBe(phase);
  });

  test('every way to end has a reason that the API names, and the other way round', () => {
    const named = Object.values(REASONS.Succeeded).filter((reason) => reason !== REASONS.Succeeded.inProgress);
    expect(named.toSorted()).toEqual(Object.keys(outcomes).toSorted());
  });
});

describe('isTerminal', () => {
  test.each([
    [undefined, false],
    [[condition('Succeeded', 'Unknown', 'InProgress')], false],
    [[condition('Verified', 'True')], false],
    [[condition('Succeeded', 'False', 'NotHealed')], true],
    [[condition('Succeeded', 'True', 'Healed')], true],
  ])('%j', (conditions, terminal) => {
    expect(isTerminal(conditions)).toBe(terminal);
  });
});
