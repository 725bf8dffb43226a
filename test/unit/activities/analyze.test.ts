import { beforeEach, describe, expect, test } from '@jest/globals';
import { analyze } from '../../../activities/analyze.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import type { AcceptedPlan } from '../../../src/domain/steps.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import type { AnalysisAnswer, AnalysisCase, Analyzer } from '../../../src/ports/analyzer.ts';
import { slowAnalyzer } from '../../support/analyzers.ts';
import type { MemoryWorld } from '../../support/memory-world.ts';
import { acceptedOnCart, now } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;
let plan: AcceptedPlan;

beforeEach(async () => {
  ({ world, action, plan } = await acceptedOnCart({ analyzer: slowAnalyzer }));
});

const condition = (type: string) => findCondition(world.the(action).status?.conditions, type);

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
