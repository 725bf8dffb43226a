import { describe, expect, test } from '@jest/globals';
import {
  decide,
  decisionFrom,
  objectionTo,
  type ApprovalDemands,
  type ApprovalState,
  type Decision,
} from '../../../src/domain/approval.ts';

const PLAN = 'a'.repeat(32);
const OTHER = 'b'.repeat(32);
const waiting: ApprovalState = { awaiting: PLAN, decided: undefined };
const decision = (over: Partial<Decision> = {}): Decision => ({
  decision: 'Approved',
  planDigest: PLAN,
  by: 'jane',
  method: 'kubernetes',
  ...over,
});

describe('decide', () => {
  test('takes the first decision about the plan that waits, and nothing after it', () => {
    const first = decide(waiting, decision());
    expect(first).toEqual({ accepted: true, state: { awaiting: undefined, decided: decision() } });

    const second = decide(first.accepted ? first.state : waiting, decision({ decision: 'Rejected', by: 'joe' }));
    expect(second).toEqual({ accepted: false, why: 'already approved by jane; a decision is final' });
  });

  test('a decision that comes before any plan waits is ignored, and says so', () => {
    expect(decide({ awaiting: undefined, decided: undefined }, decision())).toEqual({
      accepted: false,
      why: 'no plan is waiting for approval now',
    });
  });

  test('a decision about another plan is ignored, and says which one waits', () => {
    expect(decide(waiting, decision({ planDigest: OTHER }))).toEqual({
      accepted: false,
      why: `the decision is for plan ${OTHER}, but the plan that waits is ${PLAN}`,
    });
  });
});

describe('a decision typed by hand', () => {
  test('without a digest is about the plan that waits', () => {
    expect(decisionFrom(undefined, 'Approved', 'signal', PLAN)).toEqual({
      decision: 'Approved',
      planDigest: PLAN,
      by: 'unknown',
      method: 'signal',
    });
  });

  test.each([null, 'approve', 7, [], { by: 5, comment: { text: 'x' } }, { by: '  ' }])(
    'of whatever shape, such as %j, becomes texts that the status can hold',
    (message) => {
      const { by, comment, planDigest } = decisionFrom(message, 'Rejected', 'update', PLAN);
      expect({ by, comment, planDigest }).toEqual({ by: 'unknown', comment: undefined, planDigest: PLAN });
    },
  );

  test('with a digest that is no text is about no plan', () => {
    const odd = decisionFrom({ planDigest: 12 }, 'Approved', 'signal', PLAN);
    expect(decide(waiting, odd).accepted).toBe(false);
  });

  test('with endless texts is cut to what the status holds', () => {
    const long = decisionFrom({ by: 'b'.repeat(9_999), comment: 'c'.repeat(9_999) }, 'Approved', 'signal', PLAN);
    expect([long.by.length, long.comment?.length]).toEqual([253, 512]);
  });
});

describe('an approval that was given', () => {
  type Given = Parameters<typeof objectionTo>[0];
  const proven: Given = { by: 'jane', method: 'kubernetes', verified: true };
  const unproven: Given = { ...proven, verified: false };
  const signal: Given = { by: 'jane', method: 'signal', verified: false };
  const nothing: ApprovalDemands = { acceptSignals: true, requireIdentity: false, fourEyes: false };
  const onlyRecorded = { ...nothing, acceptSignals: false };
  const identity = { ...onlyRecorded, requireIdentity: true };
  const fourEyes = { ...identity, fourEyes: true };

  test.each<[string, Given, ApprovalDemands, string | undefined]>([
    ['a signal, where signals count', signal, nothing, undefined],
    ['an unproven record, where nothing more is demanded', unproven, onlyRecorded, undefined],
    ['a proven record', proven, identity, 'jane'],
    ['a proven record of somebody else than who asked', proven, fourEyes, 'joe'],
  ])('is good: %s', (_name, given, demands, requester) => {
    expect(objectionTo(given, demands, requester)).toBeUndefined();
  });

  test.each<[string, Given, ApprovalDemands, string | undefined, string]>([
    ['a signal, where they do not count', signal, onlyRecorded, 'joe', 'proves nobody'],
    ['a signal, where identity is demanded', signal, { ...identity, acceptSignals: true }, 'joe', 'is not proven'],
    ['an unproven record, where identity is demanded', unproven, identity, 'joe', 'is not proven'],
    ['an unproven record, where four eyes are', unproven, { ...nothing, fourEyes: true }, 'joe', 'is not proven'],
    ['that of who asked', proven, fourEyes, 'jane', 'jane has asked for the action too'],
    ['that of an action of nobody', proven, fourEyes, undefined, 'who asked for the action is not known'],
  ])('is not good: %s', (_name, given, demands, requester, why) => {
    expect(objectionTo(given, demands, requester)).toContain(why);
  });
});
