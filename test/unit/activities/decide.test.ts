import { beforeEach, describe, expect, test } from '@jest/globals';
import { analyze } from '../../../activities/analyze.ts';
import { readDecision, recordDecision, requestApproval } from '../../../activities/approve.ts';
import { awaitOperator } from '../../../activities/await-operator.ts';
import { reserve } from '../../../activities/reserve.ts';
import type { Decision } from '../../../src/domain/approval.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import type { AcceptedPlan } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import type { AnalysisAnswer, AnalysisCase, Analyzer } from '../../../src/ports/analyzer.ts';
import { at, MemoryWorld } from '../../support/memory-world.ts';
import { accepted, now } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;
let plan: AcceptedPlan;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
  action = world.action();
  plan = await accepted(world, action);
});

const condition = (type: string) => findCondition(world.the(action).status?.conditions, type);
const decision = (over: Partial<Decision> = {}): Decision => ({
  decision: 'Approved',
  planDigest: plan.planDigest,
  by: 'jane',
  method: 'signal',
  ...over,
});

describe('analysis', () => {
  const ask = (answer: (input: AnalysisCase) => AnalysisAnswer | Promise<AnalysisAnswer>, approvalRequired = false) => {
    const analyzer: Analyzer = { name: 'test', model: 'm1', analyze: async (input) => answer(input) };
    const { signal } = new AbortController();
    return analyze({ ...world.ports, analyzer }, action, { digest: plan.planDigest, approvalRequired }, signal, now);
  };
  const answer = (over: Partial<AnalysisAnswer> = {}): AnalysisAnswer => ({
    option: 0,
    confidence: 0.8,
    reasons: ['it crashed'],
    ...over,
  });

  test('is written down with what was chosen, why, and what else there was', async () => {
    expect(await ask(() => answer())).toEqual({ choice: 'act', reason: 'it crashed' });
    expect(world.the(action).status?.analysis).toMatchObject({
      analyzer: 'test',
      model: 'm1',
      choice: 'restart',
      confidence: 0.8,
      reasons: ['it crashed'],
      alternatives: [{ choice: 'abstain' }],
    });
    expect(condition('Approved')).toMatchObject({ status: 'True', reason: 'NotRequired' });
  });

  test('says nothing about approval where one is asked for', async () => {
    await ask(() => answer(), true);
    expect(condition('Approved')).toBeUndefined();
  });

  test.each([1, 2, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'that chooses option %p abstains',
    async (option) => {
      expect((await ask(() => answer({ option }))).choice).toBe('abstain');
      expect(condition('Analyzed')).toMatchObject({ reason: 'Abstained' });
      expect(condition('Approved')).toBeUndefined();
    },
  );

  test('that fails abstains, and says why', async () => {
    const failed = await ask(() => Promise.reject(new Error('the model is away')));
    expect(failed).toEqual({ choice: 'abstain', reason: 'the analyzer failed: the model is away' });
  });

  test.each([
    [-3, 0],
    [7, 1],
    [Number.NaN, 0],
  ])('whose confidence is %p is written down with %p', async (confidence, kept) => {
    await ask(() => answer({ confidence }));
    expect(world.the(action).status?.analysis?.confidence).toBe(kept);
  });

  test('of endless words is cut to what the status holds', async () => {
    const reasons = Array.from({ length: 100 }, () => 'because '.repeat(1_000));
    expect((await ask(() => answer({ reasons }))).choice).toBe('act');
    expect(world.the(action).status?.analysis?.reasons).toHaveLength(10);
  });

  test('of a plan that is no longer the current one abstains', async () => {
    world.editAction(action, (object) => ({ ...object, status: { ...object.status, planDigest: 'f'.repeat(32) } }));
    expect((await ask(() => answer())).choice).toBe('abstain');
  });
});

describe('asking for approval', () => {
  const ask = () => requestApproval(world.ports, action, plan.planDigest, 'the policy is in mode manual', now);

  test('shows how to answer', async () => {
    await ask();
    expect(condition('Approved')).toMatchObject({ status: 'Unknown', reason: 'WaitingForApproval' });
    expect(condition('Approved')?.message).toContain(
      `kubectl patch healingaction heal -n shop --type=merge -p '{"spec":{"approval":{"decision":"Approved","planDigest":"${plan.planDigest}"}}}'`,
    );
    expect(world.the(action).status?.approval).toEqual({
      required: true,
      approved: false,
      planDigest: plan.planDigest,
    });
  });

  test('late and twice does not wipe out what was decided since', async () => {
    await ask();
    await recordDecision(world.ports, action, decision(), now);
    await ask();
    expect(world.the(action).status?.approval).toMatchObject({ approved: true, approvedBy: 'jane' });
  });
});

describe('a decision', () => {
  const write = (over: object = {}): void => {
    world.editAction(action, (object) => ({
      ...object,
      spec: {
        ...object.spec,
        approval: { decision: 'Approved', planDigest: plan.planDigest, by: 'jane', comment: 'go', ...over },
      },
    }));
  };
  const read = () => readDecision(world.ports, action, plan.planDigest);

  test('is read from spec.approval, if it is about this plan', async () => {
    expect(await read()).toBeUndefined();
    write();
    expect(await read()).toEqual(decision({ method: 'kubernetes', comment: 'go' }));
    write({ planDigest: 'e'.repeat(32) });
    expect(await read()).toBeUndefined();
  });

  test('that came by signal is read from where it was recorded', async () => {
    await recordDecision(world.ports, action, decision({ comment: 'go' }), now);
    expect(await read()).toEqual(decision({ comment: 'go' }));
    await recordDecision(world.ports, action, decision({ decision: 'Rejected', method: 'update' }), now);
    expect(await read()).toEqual(decision({ decision: 'Rejected', method: 'update' }));
  });

  test('that came by spec.approval and was withdrawn is not read from its record', async () => {
    write();
    await recordDecision(world.ports, action, decision({ method: 'kubernetes' }), now);
    world.editAction(action, ({ spec: { approval: _gone, ...spec }, ...object }) => ({ ...object, spec }));
    expect(await read()).toBeUndefined();
  });

  test('is recorded with what is known of who decided', async () => {
    expect(await recordDecision(world.ports, action, decision(), now)).toBe('recorded');
    expect(world.the(action).status?.approval).toMatchObject({ approvedBy: 'jane', method: 'signal', verified: false });
    write();
    expect(await recordDecision(world.ports, action, decision({ method: 'kubernetes' }), now)).toBe('recorded');
    expect(world.the(action).status?.approval).toMatchObject({ method: 'kubernetes', verified: true });
    expect(condition('Approved')).toMatchObject({ status: 'True', reason: 'Approved' });
  });

  test.each<[string, () => void]>([
    ['it was withdrawn', () => undefined],
    [
      'somebody else has decided since',
      () => {
        write({ by: 'joe' });
      },
    ],
    [
      'it was turned round',
      () => {
        write({ decision: 'Rejected' });
      },
    ],
    [
      'the plan is another',
      () => {
        write();
        world.editAction(action, (object) => ({ ...object, status: { ...object.status, planDigest: 'f'.repeat(32) } }));
      },
    ],
    [
      'the action is gone',
      () => {
        world.api.delete(at('HealingAction', 'heal'));
      },
    ],
  ])('is void when %s', async (_why, change) => {
    change();
    expect(await recordDecision(world.ports, action, decision({ method: 'kubernetes' }), now)).toBe('void');
  });

  test('of odd texts is within the bounds of the status', async () => {
    const odd = decision({ by: 'b'.repeat(253), comment: 'c'.repeat(512) });
    expect(await recordDecision(world.ports, action, odd, now)).toBe('recorded');
  });
});

describe('waiting', () => {
  test('for a slot shows why', async () => {
    const none = { ...plan.reservation, maxActionsPerHour: 0 };
    expect(await reserve(world.ports, action, none, now)).toMatchObject({ granted: false, reason: 'NoneAllowed' });
    expect(condition('Reserved')).toMatchObject({ status: 'False', reason: 'NoneAllowed' });
  });

  test('for an operator shows what was tried, and holds nothing', async () => {
    await reserve(world.ports, action, plan.reservation, now);
    expect(Object.keys(world.ledger.leases)).toEqual([action.uid]);
    await awaitOperator(world.ports, action, 'it would violate the budget', now);
    expect(world.ledger).toMatchObject({ leases: {}, settled: [] });
    expect(condition('Executed')).toMatchObject({ status: 'False', reason: 'AwaitingOperator' });
    expect(condition('Reserved')).toMatchObject({ status: 'False', reason: 'Settled' });
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'AwaitingOperator' });
  });
});
