import { describe, expect, test } from '@jest/globals';
import { decidable, receptionOf } from '../../../src/cli/decision.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import { PLAN, told } from '../../support/cli/told.ts';
import { BLOCKED, HEALED, PATHS, WAITS } from '../../support/cli/told-actions.ts';

const OTHER = 'f'.repeat(32);
const withPlan = (action: HealingAction, planDigest: string): HealingAction => ({
  ...action,
  status: { ...action.status, planDigest },
});

describe('a decision', () => {
  test('can be made about the plan that waits, and is bound to it', () => {
    expect(decidable(WAITS, 'Approved')).toEqual({ decidable: 'yes', planDigest: PLAN });
  });

  test.each<[string, HealingAction, RegExp]>([
    ['was rejected before', PATHS['rejected']!.action, /rejected by joe already; a decision is final/],
    ['has ended', PATHS['expired']!.action, /has ended already: Expired/],
    ['needs none', BLOCKED, /needs no approval/],
    ['has no plan yet', told({}), /no plan yet/],
    ['is refused', PATHS['refused at once']!.action, /has ended already: Refused/],
  ])('cannot be made about an action that %s', (_name, action, message) => {
    expect(decidable(action, 'Approved')).toEqual({ decidable: 'no', message: expect.stringMatching(message) });
  });

  test('cannot be made when the other one is written already', () => {
    const written: HealingAction = {
      ...WAITS,
      spec: { ...WAITS.spec, approval: { decision: 'Rejected', planDigest: PLAN, by: 'joe' } },
    };
    expect(decidable(written, 'Approved')).toMatchObject({
      decidable: 'no',
      message: /* by whom */ expect.stringContaining('joe'),
    });
    expect(decidable(written, 'Rejected')).toMatchObject({ decidable: 'yes' });
    expect(decidable(withPlan(written, OTHER), 'Approved')).toEqual({ decidable: 'yes', planDigest: OTHER });
  });

  test('need not be made twice', () => {
    expect(decidable(HEALED, 'Approved')).toEqual({ decidable: 'done', message: 'it was approved by jane already' });
    expect(decidable(HEALED, 'Rejected')).toMatchObject({ decidable: 'no' });
  });
});

describe('what becomes of it', () => {
  test('is waited for while nothing is recorded', () => {
    expect(receptionOf(WAITS, 'Approved', PLAN)).toEqual({ reception: 'waiting' });
  });

  test('is told with who decided, and whether that is proven', () => {
    expect(receptionOf(HEALED, 'Approved', PLAN)).toEqual({ reception: 'recorded', message: 'approved by jane' });
    expect(receptionOf(PATHS['rejected']!.action, 'Rejected', PLAN)).toEqual({
      reception: 'recorded',
      message: 'rejected by joe (identity not proven)',
    });
  });

  test.each<[string, HealingAction | undefined, RegExp]>([
    ['another came first', PATHS['rejected']!.action, /another decision came first: rejected by joe/],
    ['it expired before', PATHS['expired']!.action, /the healing has ended: Expired/],
    ['the target changed', withPlan(WAITS, OTHER), /another plan waits now \(f+\)/],
    ['it was deleted', undefined, /deleted meanwhile/],
  ])('is a refusal when %s', (_name, action, message) => {
    expect(receptionOf(action, 'Approved', PLAN)).toEqual({
      reception: 'refused',
      message: expect.stringMatching(message),
    });
  });
});
