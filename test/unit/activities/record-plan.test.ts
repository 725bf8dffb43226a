import { beforeEach, describe, expect, test } from '@jest/globals';
import { findCondition } from '../../../src/domain/condition.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import type { Analyzer } from '../../../src/ports/analyzer.ts';
import { MemoryWorld } from '../../support/memory-world.ts';
import { accepted } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;

beforeEach(() => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
  action = world.action();
});

const status = () => world.the(action).status;
const condition = (type: string) => findCondition(status()?.conditions, type);

/** Whether another action could have the target now. */
const isFree = async (): Promise<boolean> => {
  const other = world.action({}, 'other');
  return (await accepted(world, other)).ahead?.slot?.granted === true;
};

describe('of an action that nobody has to be asked about', () => {
  test('the analysis and the reservation go along with the plan', async () => {
    const { ahead } = await accepted(world, action);
    expect(ahead).toEqual({
      analysis: { choice: 'act', reason: 'requested by hand; no trigger has to be true' },
      slot: { granted: true },
    });
    expect(status()?.analysis).toMatchObject({ analyzer: 'rules', choice: 'restart' });
    expect(condition('Analyzed')).toMatchObject({ status: 'True' });
    expect(condition('Approved')).toMatchObject({ status: 'True', reason: 'NotRequired' });
    expect(status()).toMatchObject({ phase: 'Approved', reason: 'InProgress' });
    expect(await isFree()).toBe(false);
  });

  test('what the ledger does not grant is shown', async () => {
    world.editPolicy((spec) => ({ ...spec, safetyRules: { maxActionsPerHour: 0 } }));
    expect((await accepted(world, action)).ahead?.slot).toMatchObject({ granted: false, reason: 'NoneAllowed' });
    expect(status()?.plan?.summary).toBeDefined();
    expect(condition('Reserved')).toMatchObject({ status: 'False', reason: 'NoneAllowed' });
  });

  test('a plan that is made again asks for the same slot', async () => {
    await accepted(world, action);
    expect((await accepted(world, action)).ahead?.slot).toEqual({ granted: true });
  });

  test('an analyzer that takes its time is a step of its own, and nothing is held while it thinks', async () => {
    const slow: Analyzer = { name: 'slow', analyze: () => Promise.reject(new Error('not now')) };
    expect((await accepted(world, action, { analyzer: slow })).ahead).toBeUndefined();
    expect(status()?.analysis).toBeUndefined();
    expect(condition('Approved')).toBeUndefined();
    expect(await isFree()).toBe(true);
  });

  test('an analyzer that abstains reserves nothing', async () => {
    const wary: Analyzer = {
      name: 'wary',
      instant: true,
      analyze: () => Promise.resolve({ option: 1, confidence: 1, reasons: ['not sure'] }),
    };
    expect((await accepted(world, action, { analyzer: wary })).ahead).toEqual({
      analysis: { choice: 'abstain', reason: 'not sure' },
    });
    expect(condition('Analyzed')).toMatchObject({ reason: 'Abstained' });
    expect(condition('Approved')).toBeUndefined();
    expect(await isFree()).toBe(true);
  });
});

test('of an action that a person has to be asked about only the plan is written, and nothing is held', async () => {
  world.editPolicy((spec) => ({ ...spec, mode: 'manual' }));
  expect((await accepted(world, action)).ahead).toBeUndefined();
  expect(status()?.analysis).toBeUndefined();
  world.editPolicy((spec) => ({ ...spec, mode: 'automatic' }));
  expect(await isFree()).toBe(true);
});
