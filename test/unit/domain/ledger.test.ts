import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import {
  admit,
  emptyLedger,
  expire,
  LEDGER_CAPACITY,
  nextExpiry,
  rebuild,
  reserve,
  settle,
  type LedgerState,
  type ReservationAnswer,
  type ReservationRequest,
} from '../../../src/domain/ledger.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

const request = (id: string, over: Partial<ReservationRequest> = {}): ReservationRequest => ({
  id,
  policy: 'shop/p',
  target: `Deployment shop/${id}`,
  maxActionsPerHour: 2,
  leaseMs: 25 * MINUTE,
  ...over,
});

/** A ledger, its clock, and its answers in short. */
class Bench {
  state: LedgerState = rebuild(emptyLedger(), [], 0);
  now = 0;

  reserve(id: string, over: Partial<ReservationRequest> = {}): string {
    const { state, answer } = reserve(this.state, request(id, over), this.now);
    this.state = state;
    return short(answer);
  }
  settle(id: string, hadEffect: boolean): void {
    this.state = settle(this.state, id, hadEffect, this.now);
  }
}
const short = (answer: ReservationAnswer): string => (answer.granted ? 'granted' : answer.reason);
const retryAfter = (answer: ReservationAnswer): number | undefined =>
  answer.granted ? undefined : answer.retryAfterMs;

describe('limits', () => {
  test('a slot is free again one hour after the outcome, not after the reservation', () => {
    const bench = new Bench();
    bench.reserve('a');
    bench.now = 20 * MINUTE;
    bench.settle('a', true);
    expect(bench.reserve('b')).toBe('granted');

    bench.settle('b', true);

    bench.now = HOUR + 20 * MINUTE - 1;
    expect(bench.reserve('c')).toBe('RateLimited');
    bench.now += 1;
    expect(bench.reserve('c')).toBe('granted');
  });

  test('says when to ask again', () => {
    const bench = new Bench();
    for (const id of ['a', 'b']) {
      bench.reserve(id);
      bench.now += 10 * MINUTE;
      bench.settle(id, true);
    }
    const { answer } = reserve(bench.state, request('c'), bench.now);
    expect(retryAfter(answer)).toBe(50 * MINUTE);
    bench.now += 50 * MINUTE;
    expect(bench.reserve('c')).toBe('granted');
  });

  test('an action that provably had no effect gives its slot back', () => {
    const bench = new Bench();
    bench.reserve('a', { maxActionsPerHour: 1 });
    bench.settle('a', false);
    expect(bench.reserve('b', { maxActionsPerHour: 1 })).toBe('granted');
  });

  test('maxActionsPerHour: 0 means none, and asking again is pointless', () => {
    const { answer } = reserve(new Bench().state, request('a', { maxActionsPerHour: 0 }), 0);
    expect([short(answer), retryAfter(answer)]).toEqual(['NoneAllowed', undefined]);
  });

  test('one policy does not use the slots of another', () => {
    const bench = new Bench();
    bench.reserve('a', { maxActionsPerHour: 1 });
    expect(bench.reserve('b', { maxActionsPerHour: 1, policy: 'shop/q' })).toBe('granted');
  });

  test('nothing is granted before the past hour has been read back', () => {
    expect(short(reserve(emptyLedger(), request('a'), 0).answer)).toBe('Rebuilding');
    expect(short(admit(emptyLedger(), request('a'), 0))).toBe('Rebuilding');
  });

  test('what cannot be kept in mind is not granted, instead of being forgotten', () => {
    const bench = new Bench();
    for (let index = 0; index < LEDGER_CAPACITY; index++)
      expect(bench.reserve(`n${index}`, { policy: `shop/p${index}` })).toBe('granted');
    expect(bench.reserve('more', { policy: 'shop/more' })).toBe('RateLimited');
    expect(JSON.stringify(bench.state).length).toBeLessThan(256 * 1024);

    bench.settle('n0', false);
    expect(bench.reserve('more', { policy: 'shop/more' })).toBe('granted');
  });
});

describe('locks', () => {
  test('one action at a time per target, whatever the policy', () => {
    const bench = new Bench();
    bench.reserve('a', { target: 'Pod shop/x' });
    expect(bench.reserve('b', { target: 'Pod shop/x', policy: 'shop/q' })).toBe('TargetLocked');
    bench.settle('a', true);
    expect(bench.reserve('b', { target: 'Pod shop/x', policy: 'shop/q' })).toBe('granted');
  });

  test('asking twice is asking once, and keeps the lease alive', () => {
    const bench = new Bench();
    bench.reserve('a', { maxActionsPerHour: 1 });
    bench.now = 20 * MINUTE;
    expect(bench.reserve('a', { maxActionsPerHour: 1 })).toBe('granted');
    bench.now = 44 * MINUTE;
    expect(bench.reserve('b', { target: 'Deployment shop/a' })).toBe('TargetLocked');
  });
});

describe('a lease that ran out', () => {
  const ranOut = (): Bench => {
    const bench = new Bench();
    bench.reserve('a', { maxActionsPerHour: 1 });
    bench.now = 30 * MINUTE;
    return bench;
  };

  test('counts as an effect at the moment it ran out, and frees the target', () => {
    const bench = ranOut();
    expect(bench.reserve('b', { maxActionsPerHour: 1 })).toBe('RateLimited');
    expect(bench.reserve('c', { policy: 'shop/q', target: 'Deployment shop/a' })).toBe('granted');
    bench.now = 85 * MINUTE;
    expect(bench.reserve('b', { maxActionsPerHour: 1 })).toBe('granted');
  });

  test('settle after expiry counts once, from the outcome', () => {
    const bench = ranOut();
    bench.settle('a', true);
    expect(bench.reserve('b')).toBe('granted'); // one of two: a counts once
    expect(bench.reserve('c')).toBe('RateLimited');
    bench.settle('b', false);

    bench.now = 86 * MINUTE; // an hour after the expiry, but not after the outcome
    expect(bench.reserve('b', { maxActionsPerHour: 1 })).toBe('RateLimited');
    bench.now = 90 * MINUTE;
    expect(bench.reserve('b', { maxActionsPerHour: 1 })).toBe('granted');
  });

  test('a holder that was taken for dead and had no effect gives its slot back', () => {
    const bench = ranOut();
    bench.settle('a', false);
    expect(bench.reserve('b', { maxActionsPerHour: 1 })).toBe('granted');
  });

  test('a holder that was taken for dead may go on, if nobody else holds its target by now', () => {
    const bench = ranOut();
    expect(bench.reserve('a', { maxActionsPerHour: 1 })).toBe('granted');
    bench.settle('a', true);
    expect(bench.reserve('a', { maxActionsPerHour: 1 })).toBe('AlreadySettled');

    const other = ranOut();
    other.reserve('b', { policy: 'shop/q', target: 'Deployment shop/a' });
    expect(other.reserve('a', { maxActionsPerHour: 1 })).toBe('TargetLocked');
  });

  test('is the next thing to wake up for', () => {
    const bench = new Bench();
    expect(nextExpiry(bench.state)).toBeUndefined();
    bench.reserve('a');
    bench.now = MINUTE;
    bench.reserve('b');
    expect(nextExpiry(bench.state)).toBe(25 * MINUTE);
    expect(nextExpiry(expire(bench.state, 27 * MINUTE))).toBeUndefined();
  });
});

describe('rebuild', () => {
  test('takes over what ended and what is still held, and grants from then on', () => {
    const state = rebuild(
      emptyLedger(),
      [
        { id: 'ended', policy: 'shop/p', at: 30 * MINUTE },
        { id: 'long ago', policy: 'shop/p', at: -2 * HOUR },
        {
          id: 'running',
          policy: 'shop/q',
          at: 50 * MINUTE,
          holds: { target: 'Deployment shop/cart', leaseMs: 25 * MINUTE },
        },
      ],
      HOUR,
    );
    const answers = (over: Partial<ReservationRequest>) => short(admit(state, request('new', over), HOUR));
    expect(answers({ maxActionsPerHour: 1 })).toBe('RateLimited');
    expect(answers({ maxActionsPerHour: 2 })).toBe('granted');
    expect(answers({ policy: 'shop/r', target: 'Deployment shop/cart' })).toBe('TargetLocked');
  });

  test('an effect that is known already is not counted twice', () => {
    const bench = new Bench();
    bench.reserve('a');
    bench.settle('a', true);
    bench.reserve('b');
    const past = ['a', 'b'].map((id) => ({ id, policy: 'shop/p', at: 0 }));
    bench.state = rebuild(bench.state, past, bench.now);
    bench.settle('b', false);
    expect(bench.reserve('c')).toBe('granted');
  });
});

/*
 * Against a naive reference, which keeps every action for ever and looks at all of them each time. Holders act only while
 * they hold a live lease, as the workflow does.
 */
interface Known {
  policy: string;
  target: string;
  state: 'held' | 'dead' | 'ended' | 'free';
  /** End of the lease, or the outcome. */
  at: number;
}

class Reference {
  readonly known = new Map<string, Known>();
  readonly limits = new Map<string, number>();
  readonly effects: { policy: string; at: number }[] = [];

  tick(now: number): void {
    for (const action of this.known.values()) if (action.state === 'held' && action.at <= now) action.state = 'dead';
  }
  mayReserve({ id, policy, target, maxActionsPerHour }: ReservationRequest, now: number): boolean {
    const own = this.known.get(id);
    if (own?.state === 'held') return true;
    if (own?.state === 'ended' && own.at > now - HOUR) return false;
    const others = [...this.known].filter(([other]) => other !== id).map(([, action]) => action);
    if (others.some((action) => action.state === 'held' && action.target === target)) return false;
    const used = others.filter(
      (action) =>
        action.policy === policy && (action.state === 'held' || (action.state !== 'free' && action.at > now - HOUR)),
    );
    return used.length < maxActionsPerHour;
  }
}

const ids = ['a', 'b', 'c', 'd', 'e'] as const;
const step = fc.oneof(
  fc.record({
    do: fc.constant('reserve' as const),
    id: fc.constantFrom(...ids),
    policy: fc.constantFrom('shop/p', 'shop/q'),
    target: fc.constantFrom('x', 'y', 'z'),
    leaseMs: fc.integer({ min: 1, max: 40 }).map((minutes) => minutes * MINUTE),
  }),
  fc.record({ do: fc.constant('act' as const), id: fc.constantFrom(...ids) }),
  fc.record({ do: fc.constant('settle' as const), id: fc.constantFrom(...ids), twice: fc.boolean() }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 50 * MINUTE }) }),
);

test('behaves as the naive reference, and effects never exceed the limit in any sliding hour', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 120 }),
      fc.record({ 'shop/p': fc.integer({ min: 0, max: 3 }), 'shop/q': fc.integer({ min: 0, max: 3 }) }),
      (steps, limits) => {
        const bench = new Bench();
        const reference = new Reference();
        const acted = new Set<string>();
        let generation = 0;
        const names = new Map<string, string>(ids.map((id) => [id, `${id}0`]));
        const nameOf = (id: string): string => names.get(id) ?? id;

        for (const item of steps) {
          if (item.do === 'wait') bench.now += item.ms;
          reference.tick(bench.now);
          if (item.do === 'reserve') {
            const id = nameOf(item.id);
            const before = reference.known.get(id);
            const asked = request(id, {
              // An action asks for the same thing for as long as it lives.
              policy: before?.policy ?? item.policy,
              target: before?.target ?? item.target,
              maxActionsPerHour: limits[(before?.policy ?? item.policy) as keyof typeof limits],
              leaseMs: item.leaseMs,
            });
            const expected = reference.mayReserve(asked, bench.now);
            expect([bench.now, id, bench.reserve(id, asked) === 'granted']).toEqual([bench.now, id, expected]);
            if (expected)
              reference.known.set(id, {
                policy: asked.policy,
                target: asked.target,
                state: 'held',
                at: bench.now + item.leaseMs,
              });
          }
          if (item.do === 'act') {
            const action = reference.known.get(nameOf(item.id));
            if (action?.state !== 'held' || acted.has(nameOf(item.id))) continue;
            acted.add(nameOf(item.id));
            reference.effects.push({ policy: action.policy, at: bench.now });
          }
          if (item.do === 'settle') {
            const id = nameOf(item.id);
            const action = reference.known.get(id);
            for (let times = item.twice ? 2 : 1; times > 0; times--) bench.settle(id, acted.has(id));
            if (action === undefined || action.state === 'ended' || action.state === 'free') continue;
            if (action.state === 'dead' && action.at <= bench.now - HOUR) continue;
            Object.assign(action, { state: acted.has(id) ? 'ended' : 'free', at: bench.now });
            names.set(item.id, `${item.id}${++generation}`); // the next one is another action
          }
        }

        for (const [policy, limit] of Object.entries(limits)) {
          const times = reference.effects.filter((effect) => effect.policy === policy).map(({ at }) => at);
          for (const from of times)
            expect(times.filter((at) => at >= from && at < from + HOUR).length).toBeLessThanOrEqual(limit);
        }
        const targets = Object.values(bench.state.leases).map(({ target }) => target);
        expect(new Set(targets).size).toBe(targets.length);
      },
    ),
    { numRuns: 500 },
  );
});
