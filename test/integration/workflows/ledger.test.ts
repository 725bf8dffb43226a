import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLedger } from '../../../src/adapters/temporal/ledger.ts';
import { LEDGER_WORKFLOW_ID, MESSAGES, TASK_QUEUE } from '../../../src/api/temporal-names.ts';
import type { ReservationAnswer, ReservationRequest } from '../../../src/domain/ledger.ts';
import type { LedgerPort } from '../../../src/ports/ledger.ts';
import { eventually } from '../../support/eventually.ts';
import { benchForTests, type HealingLane } from '../../support/healing-bench.ts';
import { MemoryWorld } from '../../support/memory-world.ts';
import { accepted, tryEffect } from '../../support/steps.ts';

const bench = benchForTests();
let lane: HealingLane;
let world: MemoryWorld;
let ledger: LedgerPort;

beforeEach(async () => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.policy();
  ledger = createLedger(bench.client);
  lane = await bench.open(world, TASK_QUEUE);
});
afterEach(async () => {
  await bench.client.workflow.getHandle(LEDGER_WORKFLOW_ID).terminate('the next test begins anew');
});

const request = (id: string, over: Partial<ReservationRequest> = {}): ReservationRequest => ({
  id,
  policy: 'shop/policy',
  target: `Pod shop/${id}`,
  maxActionsPerHour: 10,
  leaseMs: 60_000,
  ...over,
});
const short = (answer: ReservationAnswer): string => (answer.granted ? 'granted' : answer.reason);
const reserve = async (id: string, over: Partial<ReservationRequest> = {}): Promise<string> => {
  let answer = '';
  await eventually(async () => {
    answer = short(await ledger.reserve(request(id, over)));
    if (answer === 'Rebuilding') throw new Error('the ledger still reads what was done before');
  });
  return answer;
};
const firstRun = async (): Promise<string> =>
  (await bench.client.workflow.getHandle(LEDGER_WORKFLOW_ID).describe()).runId;

describe('the ledger', () => {
  test('answers each of many at once, and grants no more than the limit', async () => {
    await reserve('warm up', { policy: 'shop/other' });
    const began = Date.now();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) => reserve(`a${index}`, { maxActionsPerHour: 50 })),
    );
    expect(answers.filter((answer) => answer === 'granted')).toHaveLength(50);
    expect(answers.filter((answer) => answer === 'RateLimited')).toHaveLength(150);
    expect(Date.now() - began).toBeLessThan(5_000); // in one message each time, not in 200
  });

  test('holds one lock per target over several clients', async () => {
    const target = 'Pod shop/x';
    const other = createLedger(bench.client);
    await reserve('warm up');
    const answers = await Promise.all([
      reserve('a', { target }),
      other.reserve(request('b', { target })).then(short),
      reserve('c', { target }),
    ]);
    expect(answers.toSorted()).toEqual(['TargetLocked', 'TargetLocked', 'granted']);
  });

  test('does not count what was only asked', async () => {
    await reserve('warm up');
    expect(short(await ledger.admit(request('a', { maxActionsPerHour: 2 })))).toBe('granted');
    expect(short(await ledger.admit(request('b', { maxActionsPerHour: 2 })))).toBe('granted');
    expect(await reserve('c', { maxActionsPerHour: 2 })).toBe('granted');
    expect(short(await ledger.admit(request('d', { maxActionsPerHour: 2 })))).toBe('RateLimited');
  });

  test('is asked without a trace in its history', async () => {
    await reserve('warm up');
    const history = async () => (await bench.client.workflow.getHandle(LEDGER_WORKFLOW_ID).fetchHistory()).events;
    const before = await history();
    const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => ledger.admit(request(`a${index}`))));
    expect(answers.every(({ granted }) => granted)).toBe(true);
    expect(await history()).toHaveLength(before?.length ?? 0);
  });

  test.each<[string, () => Promise<unknown>]>([
    ['before there is one', async () => undefined],
    [
      'after one was ended that had granted',
      async () => {
        await reserve('warm up');
        await bench.client.workflow.getHandle(LEDGER_WORKFLOW_ID).terminate('as an operator may');
      },
    ],
  ])('asked %s says that it is being made', async (_when, before) => {
    await before();
    expect(short(await ledger.admit(request('a')))).toBe('Rebuilding');
    await eventually(async () => {
      expect(short(await ledger.admit(request('a')))).toBe('granted');
    });
  });

  test('keeps everything over a run that begins anew', async () => {
    await reserve('a', { target: 'Pod shop/x', maxActionsPerHour: 2 });
    await reserve('b', { maxActionsPerHour: 2 });
    await ledger.settle('b', true);
    const before = await firstRun();
    await bench.client.workflow.getHandle(LEDGER_WORKFLOW_ID).signal(MESSAGES.upgrade);
    await eventually(async () => {
      expect(await firstRun()).not.toBe(before);
    }, 10_000);
    expect(await reserve('c', { target: 'Pod shop/x' })).toBe('TargetLocked');
    expect(await reserve('d', { maxActionsPerHour: 2 })).toBe('RateLimited');
    await ledger.settle('a', false);
    expect(await reserve('d', { maxActionsPerHour: 2 })).toBe('granted');
  });

  test('lets a lease run out that nobody settles', async () => {
    expect(await reserve('dead', { target: 'Pod shop/x', leaseMs: 300 })).toBe('granted');
    await eventually(async () => {
      expect(await reserve('a', { target: 'Pod shop/x', policy: 'shop/other' })).toBe('granted');
    }, 5_000);
    expect(await reserve('b', { maxActionsPerHour: 1 })).toBe('RateLimited'); // the dead one may have acted
  });

  test('a request that is no request does not stall the others', async () => {
    await reserve('warm up');
    const odd = { id: 'odd' } as unknown as ReservationRequest; // as only a foreign client could send it
    const answers = await Promise.all([ledger.reserve(odd).then(short, () => 'refused'), reserve('a')]);
    expect(answers[1]).toBe('granted');
  });
});

describe('after Temporal has lost its memory', () => {
  test('a new ledger knows from the actions what was done, and what is still held', async () => {
    const action = world.action();
    await accepted(world, action);
    await tryEffect(world, action);
    expect(await reserve('a', { target: 'Deployment shop/cart' })).toBe('TargetLocked');
    expect(await reserve('b', { maxActionsPerHour: 1 })).toBe('RateLimited');
    await ledger.settle(action.uid, true);
    expect(await reserve('a', { target: 'Deployment shop/cart' })).toBe('granted');
  });

  test('a ledger that cannot read the actions grants nothing until it can', async () => {
    const list = world.ports.actions.list.bind(world.ports.actions);
    let away = true;
    await lane.close();
    Object.assign(world.ports.actions, {
      list: (...args: Parameters<typeof list>) => {
        if (away) throw new Error('the API server is away');
        return list(...args);
      },
    });
    lane = await bench.open(world, TASK_QUEUE);
    expect(short(await ledger.reserve(request('a')))).toBe('Rebuilding');
    away = false;
    await eventually(async () => {
      expect(short(await ledger.reserve(request('a')))).toBe('granted');
    }, 10_000);
  });
});
