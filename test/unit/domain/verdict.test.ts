import fc from 'fast-check';
import { describe, expect, test } from '@jest/globals';
import { assess, observe, startVerification, type Measurement, type Verdict } from '../../../src/domain/verdict.ts';

const RULES = { windowMs: 10_000, timeoutMs: 60_000 };
type State = Measurement['state'];

/** Runs verification to its end; `world` says what is measured at which time. */
function run(rules: typeof RULES, world: (ms: number) => State): { verdict: Verdict; at: number; looks: number } {
  let state = startVerification(0);
  let now = 0;
  for (let looks = 1; ; looks++) {
    state = observe(state, { state: world(now), detail: `at ${now}` }, now);
    const verdict = assess(state, rules, now);
    if (verdict.verdict !== 'running') return { verdict, at: now, looks };
    if (verdict.nextInMs <= 0) throw new Error('it would look again at once, for ever');
    now += verdict.nextInMs;
  }
}

describe('verification', () => {
  test('healthy for the whole window is healed, as soon as the window is over', () => {
    const { verdict, at } = run(RULES, (ms) => (ms < 3_000 ? 'settling' : 'healthy'));
    expect(verdict.verdict).toBe('healed');
    expect(at).toBeLessThan(16_000);
    expect(at).toBeGreaterThanOrEqual(13_000);
  });

  test.each<State>(['settling', 'unknown'])('a look that is %s breaks the window', (state) => {
    const { verdict, at } = run(RULES, (ms) => (ms > 6_000 && ms < 9_000 ? state : 'healthy'));
    expect(verdict.verdict).toBe('healed');
    expect(at).toBeGreaterThanOrEqual(19_000);
  });

  test('a failure ends it at once', () => {
    expect(run(RULES, (ms) => (ms < 4_000 ? 'settling' : 'failed'))).toMatchObject({
      verdict: { verdict: 'not-healed' },
      at: 4_000,
    });
  });

  test('what never becomes healthy is not healed, what stays unknown is unproven', () => {
    expect(run(RULES, () => 'settling')).toMatchObject({ verdict: { verdict: 'not-healed' }, at: 60_000 });
    expect(run(RULES, () => 'unknown')).toMatchObject({ verdict: { verdict: 'unproven' }, at: 60_000 });
  });

  test('a window that is not over at the timeout is not healed', () => {
    expect(run(RULES, (ms) => (ms < 55_000 ? 'settling' : 'healthy')).verdict.verdict).toBe('not-healed');
  });

  test('a wait of days fits into the history of a workflow, which one of fixed steps did not', () => {
    const day = 24 * 3_600_000;
    expect(run({ windowMs: 10_000, timeoutMs: day }, () => 'settling').looks).toBeLessThan(500);
    expect(run({ windowMs: day / 2, timeoutMs: day }, () => 'healthy').looks).toBeLessThan(500);
    let flip = 0;
    const flapping = run({ windowMs: 10_000, timeoutMs: day }, () => (flip++ % 2 === 0 ? 'healthy' : 'settling'));
    expect(flapping.looks).toBeLessThan(1_000);
  });

  test('healed always means: healthy at every look of a whole window, and the end always comes', () => {
    const states = fc.array(fc.constantFrom<State>('healthy', 'settling', 'unknown'), { minLength: 1 });
    fc.assert(
      fc.property(
        states,
        fc.integer({ min: 0, max: 30_000 }),
        fc.integer({ min: 0, max: 90_000 }),
        (list, windowMs, more) => {
          const rules = { windowMs, timeoutMs: windowMs + more + 1 };
          const looks: { at: number; state: State }[] = [];
          const { verdict, at } = run(rules, (ms) => {
            const state = list[Math.floor(ms / 1_000) % list.length] ?? 'unknown';
            looks.push({ at: ms, state });
            return state;
          });
          expect(at).toBeLessThanOrEqual(rules.timeoutMs);
          if (verdict.verdict !== 'healed') return;
          const streak = looks.slice(looks.findLastIndex(({ state }) => state !== 'healthy') + 1);
          expect(at - (streak[0]?.at ?? Infinity)).toBeGreaterThanOrEqual(windowMs);
        },
      ),
    );
  });
});

describe('a restart between two healthy looks', () => {
  const healthy = (restarts: Record<string, number>): Measurement => ({ state: 'healthy', detail: 'well', restarts });
  const rules = { windowMs: 10_000, timeoutMs: 60_000 };

  test('begins the window anew, and does not end the healing', () => {
    let state = startVerification(0, { old: 3 });
    state = observe(state, healthy({ old: 3 }), 1_000);
    state = observe(state, healthy({ old: 3, fresh: 1 }), 9_000);
    expect(assess(state, rules, 12_000)).toMatchObject({ verdict: 'running' });
    state = observe(state, healthy({ old: 3, fresh: 1 }), 19_000);
    expect(assess(state, rules, 19_000)).toMatchObject({ verdict: 'healed' });
  });

  test('is seen although a look in between told nothing', () => {
    let state = startVerification(0);
    state = observe(state, healthy({ pod: 1 }), 0);
    state = observe(state, { state: 'unknown', detail: 'no answer' }, 2_000);
    state = observe(state, healthy({ pod: 2 }), 4_000);
    expect(state.healthySince).toBe(4_000);
  });
});
