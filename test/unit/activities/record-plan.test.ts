import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { accept } from '../../../activities/accept.ts';
import { report } from '../../../activities/report.ts';
import { findCondition } from '../../../src/domain/condition.ts';
import type { ObjectRef } from '../../../src/domain/target-ref.ts';
import { StepError } from '../../../src/errors.ts';
import type { Analyzer } from '../../../src/ports/analyzer.ts';
import { slowAnalyzer } from '../../support/analyzers.ts';
import { MemoryWorld } from '../../support/memory-world.ts';
import { accepted, now, tryEffect } from '../../support/steps.ts';

let world: MemoryWorld;
let action: ObjectRef;

beforeEach(() => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
  action = world.action();
});

const status = () => world.the(action).status;
const later = (): Date => new Date(Date.now() + 60_000);
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

  test('what the ledger does not grant is the last word, although the plan was written later', async () => {
    const update = world.ports.actions.update.bind(world.ports.actions);
    let writes = 0;
    const slowly: typeof update = async (...write) => {
      if ((writes += 1) === 1) await setImmediate();
      return update(...write);
    };
    world.editPolicy((spec) => ({ ...spec, safetyRules: { maxActionsPerHour: 0 } }));
    await accepted(world, action, { actions: { ...world.ports.actions, update: slowly } });
    expect(status()).toMatchObject({ reason: 'NoneAllowed' });
  });

  test('a ledger that does not answer delays the reservation, and not the plan', async () => {
    const silent = () => Promise.reject(new StepError('Unavailable', 'no answer'));
    const { ahead } = await accepted(world, action, { ledger: { ...world.ports.ledger, reserve: silent } });
    expect(ahead).toEqual({ analysis: expect.objectContaining({ choice: 'act' }) });
    expect(status()?.plan?.summary).toBeDefined();
  });

  test('of one that vanishes meanwhile nothing is held, and its slot is free at once', async () => {
    const vanish = { ...world.ports.actions, update: () => Promise.resolve(undefined) };
    expect(await accept({ ...world.ports, actions: vanish }, action, now)).toMatchObject({
      outcome: { reason: 'Deleted' },
    });
    expect(world.ledger).toEqual(expect.objectContaining({ leases: {}, settled: [] }));
  });

  test('of one that ended meanwhile nothing is held, and its end stays', async () => {
    const update = world.ports.actions.update.bind(world.ports.actions);
    const after: typeof update = async (...write) => {
      await report(world.ports, action, { reason: 'Aborted', message: 'by an operator' }, now);
      return update(...write);
    };
    expect(
      await accept({ ...world.ports, actions: { ...world.ports.actions, update: after } }, action, now),
    ).toMatchObject({ outcome: { reason: 'Refused', message: expect.stringContaining('already ended') } });
    expect(world.ledger).toEqual(expect.objectContaining({ leases: {}, settled: [] }));
    expect(status()?.phase).toBe('Cancelled');
  });

  test('the plan for which another attempt has claimed the effect stays', async () => {
    await accepted(world, action);
    const update = world.ports.actions.update.bind(world.ports.actions);
    const after: typeof update = async (...write) => {
      await tryEffect(world, action);
      return update(...write);
    };
    const before = status()?.plan;
    await expect(
      accept({ ...world.ports, actions: { ...world.ports.actions, update: after } }, action, later),
    ).rejects.toThrow('another attempt has claimed the effect');
    expect(status()?.plan).toEqual(before);
    expect(await isFree()).toBe(false);
  });

  test('a plan that is made again asks for the same slot', async () => {
    await accepted(world, action);
    expect((await accepted(world, action)).ahead?.slot).toEqual({ granted: true });
  });

  test('an analyzer that takes its time is a step of its own, and nothing is held while it thinks', async () => {
    await accepted(world, action); // an earlier plan, of another day
    world.editAction(action, ({ status: _none, ...object }) => object);
    expect((await accepted(world, action, { analyzer: slowAnalyzer })).ahead).toBeUndefined();
    expect(status()?.analysis).toBeUndefined();
    expect(condition('Approved')).toBeUndefined();
    expect(await isFree()).toBe(true);
  });

  test('an instant analyzer that does not answer at once has no answer', async () => {
    const hanging: Analyzer = {
      name: 'hanging',
      instant: true,
      analyze: async (_case, signal) => {
        await once(signal, 'abort');
        throw new Error('told to stop');
      },
    };
    expect((await accepted(world, action, { analyzer: hanging })).ahead).toEqual({
      analysis: { choice: 'abstain', reason: 'the analyzer failed: told to stop' },
    });
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

test('of an action that a person has to be asked about by now nothing is held any more', async () => {
  const torn = { ...world.ports.actions, update: () => Promise.reject(new StepError('Unavailable', 'cut')) };
  await expect(accept({ ...world.ports, actions: torn }, action, now)).rejects.toThrow('cut');
  expect(Object.keys(world.ledger.leases)).toEqual([action.uid]);
  world.editPolicy((spec) => ({ ...spec, mode: 'manual' }));
  await accepted(world, action);
  expect(world.ledger).toEqual(expect.objectContaining({ leases: {}, settled: [] }));
});

test('of an action that a person has to be asked about only the plan is written, and nothing is held', async () => {
  world.editPolicy((spec) => ({ ...spec, mode: 'manual' }));
  expect((await accepted(world, action)).ahead).toBeUndefined();
  expect(status()?.analysis).toBeUndefined();
  world.editPolicy((spec) => ({ ...spec, mode: 'automatic' }));
  expect(await isFree()).toBe(true);
});
