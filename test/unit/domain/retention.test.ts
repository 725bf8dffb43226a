import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import { KEPT_PER_POLICY, removable, type FinishedAction } from '../../../src/domain/retention.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = { ttlMs: 7 * DAY, cooldownMs: 5 * MINUTE };
const NOW = 100 * DAY;
const ended = (agoMs: number, over: Partial<FinishedAction> = {}): FinishedAction => ({
  uid: `ended-${agoMs}-ago`,
  endedAt: NOW - agoMs,
  acted: true,
  ...over,
});

describe('a finished action of a policy', () => {
  test('is removed when its time is up, the oldest first, and not before', () => {
    const actions = [ended(8 * DAY), ended(9 * DAY), ended(6 * DAY)];
    expect(removable(actions, WEEK, NOW)).toEqual({
      due: [`ended-${9 * DAY}-ago`, `ended-${8 * DAY}-ago`],
      nextAt: NOW + DAY,
    });
  });

  test('is removed when there are too many younger ones', () => {
    const actions = Array.from({ length: KEPT_PER_POLICY + 3 }, (_, index) => ended(DAY + index * MINUTE));
    const { due } = removable(actions, WEEK, NOW);
    expect(due).toEqual([102, 101, 100].map((index) => `ended-${DAY + index * MINUTE}-ago`));
  });

  test.each<[string, FinishedAction, { ttlMs: number; cooldownMs: number }, number]>([
    ['a limit may be rebuilt from it', ended(MINUTE), { ttlMs: 0, cooldownMs: 0 }, 2 * HOUR],
    ['a cooldown may be rebuilt from it', ended(MINUTE, { acted: false }), { ttlMs: 0, cooldownMs: DAY }, DAY],
    ['somebody may wait for its end', ended(MINUTE, { acted: false }), { ttlMs: 0, cooldownMs: 0 }, 10 * MINUTE],
  ])('is kept while %s, whatever the policy says', (_why, action, rules, keptMs) => {
    expect(removable([action], rules, NOW)).toEqual({ due: [], nextAt: action.endedAt + keptMs });
    expect(removable([action], rules, action.endedAt + keptMs)).toEqual({ due: [action.uid], nextAt: undefined });
  });

  test('is never removed inside the window of a limit, nor one of the hundred youngest before its time', () => {
    const action = fc.record({ uid: fc.uuid(), endedAt: fc.nat(NOW), acted: fc.boolean() });
    const actions = fc.uniqueArray(action, { maxLength: 150, selector: ({ uid }) => uid });
    fc.assert(
      fc.property(actions, fc.nat(10 * DAY), fc.nat(DAY), (all, ttlMs, cooldownMs) => {
        const { due, nextAt } = removable(all, { ttlMs, cooldownMs }, NOW);
        const gone = all.filter(({ uid }) => due.includes(uid));
        for (const { endedAt, acted } of gone) {
          expect(NOW - endedAt).toBeGreaterThanOrEqual(acted ? 2 * HOUR : 10 * MINUTE);
          expect(NOW - endedAt).toBeGreaterThanOrEqual(cooldownMs);
        }
        const early = gone.filter(({ endedAt }) => NOW - endedAt < ttlMs);
        expect(all.length - early.length).toBeGreaterThanOrEqual(Math.min(all.length, KEPT_PER_POLICY));
        if (nextAt !== undefined) expect(nextAt).toBeGreaterThan(NOW);
        expect(due.length === all.length).toBe(nextAt === undefined);
      }),
    );
  });
});
