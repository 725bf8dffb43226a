import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ContainerState, Pod } from '../../../src/api/workloads.ts';
import { evaluateCondition } from '../../../src/triggers/condition.ts';
import { at, container, ms, podOf, running, terminated, waiting } from '../../support/pods.ts';

const atOnce = { type: 'CrashLoopBackOff', status: 'True', duration: '0s' } as const;
const held = (pod: Pod, now: number) => evaluateCondition(atOnce, pod, ms(now));
const state = (pod: Pod, now: number): string => held(pod, now).state;
const since = (pod: Pod, now: number): string | undefined => {
  const evaluation = held(pod, now);
  return evaluation.state === 'unknown' ? undefined : evaluation.since;
};

/** A process that crashes three seconds after every start, as a kubelet reports it: seconds, what the status shows. */
const crashes: readonly (readonly [number, string, Pod])[] = [
  [0, 'not-firing', podOf([container(0, waiting('ContainerCreating'))], { phase: 'Pending' })],
  [1, 'not-firing', podOf([container(0, running(1))])],
  [4, 'not-firing', podOf([container(0, terminated(1, 4))])],
  [5, 'not-firing', podOf([container(1, running(5), terminated(1, 4))])],
  [8, 'firing', podOf([container(1, terminated(5, 8), terminated(1, 4))])],
  [20, 'firing', podOf([container(1, waiting('CrashLoopBackOff'), terminated(5, 8))])],
  [22, 'firing', podOf([container(2, running(22), terminated(5, 8))])],
  [25, 'firing', podOf([container(2, terminated(22, 25), terminated(5, 8))])],
  [40, 'firing', podOf([container(2, waiting('CrashLoopBackOff'), terminated(22, 25))])],
  [46, 'firing', podOf([container(3, running(46), terminated(22, 25))])],
];

describe('a real crash loop', () => {
  test.each(crashes)('after %d s: %s', (now, expected, pod) => {
    expect(state(pod, now)).toBe(expected);
  });

  test('with a short back-off the waiting reason never appears, and is not needed', () => {
    const states = crashes.filter(([, , pod]) => pod.status?.containerStatuses?.[0]?.state?.waiting === undefined);
    expect(states.filter(([now, , pod]) => state(pod, now) === 'firing')).toHaveLength(4);
  });

  test('fires with the time of the termination that made it true, even if it is heard of later', () => {
    expect(since(crashes[4]![2], 8)).toBe('2026-11-25T08:00:08.000Z');
    expect(since(crashes[4]![2], 30)).toBe('2026-11-25T08:00:08.000Z');
  });

  test('keeps that time while it lasts', () => {
    let earlier: { since?: string } | undefined;
    const times = crashes.map(([now, , pod]) => {
      const evaluation = evaluateCondition(atOnce, pod, ms(now), earlier);
      earlier = evaluation.state !== 'unknown' && evaluation.since !== undefined ? { since: evaluation.since } : {};
      return earlier.since;
    });
    expect(new Set(times)).toEqual(new Set([undefined, '2026-11-25T08:00:08.000Z']));
  });

  test('at first sight of a third termination the one before it counts', () => {
    expect(since(crashes[7]![2], 25)).toBe('2026-11-25T08:00:08.000Z');
  });

  test('but not if that ended a long run: then it was the first of this loop', () => {
    const afterLongRun = podOf([container(9, terminated(622, 625), terminated(0, 620))]);
    expect(since(afterLongRun, 630)).toBe('2026-11-25T08:10:25.000Z');
  });

  test('after it was seen not to loop only the newest termination counts', () => {
    const evaluation = evaluateCondition(atOnce, crashes[7]![2], ms(25), {});
    expect(evaluation).toMatchObject({ state: 'firing', since: '2026-11-25T08:00:25.000Z' });
  });

  test('says what happened', () => {
    expect(held(crashes[7]![2], 25).evidence).toBe('container app terminated 3 times, last exit code 1 (Error)');
  });
});

describe('recovery', () => {
  const restarted = podOf([container(2, running(100), terminated(50, 60))]); // the last run took 10 s

  test('a container that runs half a minute after short runs has recovered', () => {
    expect(state(restarted, 129)).toBe('firing');
    expect(state(restarted, 130)).toBe('not-firing');
  });

  test('the answer says when to look again', () => {
    expect(held(restarted, 110)).toMatchObject({ state: 'firing', recheckAfterMs: 20_000 });
  });

  test('after longer runs it takes twice as long as the last one, ten minutes at most', () => {
    const slow = podOf([container(2, running(200), terminated(50, 140))]); // 90 s
    expect(state(slow, 379)).toBe('firing');
    expect(state(slow, 380)).toBe('not-firing');
    const slower = podOf([container(2, running(1_000), terminated(400, 999))]);
    expect(state(slower, 1_599)).toBe('firing');
    expect(state(slower, 1_600)).toBe('not-firing');
  });

  test('a run of ten minutes ends the loop: the crash after it is the first of a new one', () => {
    const afterTenMinutes = podOf([container(5, terminated(0, 600), terminated(-20, -10))]);
    expect(state(afterTenMinutes, 601)).toBe('not-firing');
    const afterLess = podOf([container(5, terminated(0, 599), terminated(-20, -10))]);
    expect(state(afterLess, 601)).toBe('firing');
  });

  test('restarts long ago and one crash now are no loop', () => {
    expect(state(podOf([container(7, running(100_000), terminated(0, 99_990))]), 100_001)).toBe('not-firing');
  });

  test('a node whose clock is ahead makes the container no older', () => {
    expect(held(restarted, 90)).toMatchObject({ state: 'firing', recheckAfterMs: 30_000 });
  });
});

describe('what is no crash loop', () => {
  test.each<[string, ReturnType<typeof container>]>([
    ['a first crash', container(0, terminated(1, 4))],
    ['one restart', container(1, running(5), terminated(1, 4))],
    ['runs that succeed', container(1, terminated(5, 8, { exitCode: 0 }), terminated(1, 4, { exitCode: 0 }))],
    ['a failure after a success', container(1, terminated(5, 8), terminated(1, 4, { exitCode: 0 }))],
    [
      'a success after failures, as of an init container',
      container(2, terminated(5, 8, { exitCode: 0 }), terminated(1, 4)),
    ],
    ['a container that waits for something else', container(0, waiting('ContainerCreating'))],
  ])('%s', (_what, status) => {
    expect(state(podOf([status]), 10)).toBe('not-firing');
  });

  test('but what the kubelet calls one is one, whatever the exit code', () => {
    const succeeds = container(1, waiting('CrashLoopBackOff'), terminated(1, 4, { exitCode: 0 }));
    expect(held(podOf([succeeds]), 10)).toMatchObject({
      state: 'firing',
      evidence: 'container app terminated 2 times, last exit code 0 (Completed)',
    });
  });
});

describe('poor evidence', () => {
  test('a container that never started has no run, however old its start looks', () => {
    const neverStarted = terminated(0, 8, { exitCode: 128, reason: 'StartError', startedAt: '1970-01-01T00:00:00Z' });
    expect(state(podOf([container(3, neverStarted, neverStarted)]), 9)).toBe('firing');
  });

  test('null times do not hide a crash', () => {
    const untimed: ContainerState = { terminated: { exitCode: 1, startedAt: null, finishedAt: null } };
    expect(held(podOf([container(2, untimed, untimed)]), 9)).toMatchObject({
      state: 'firing',
      since: '2026-11-25T08:00:09.000Z',
    });
  });

  test('many restarts and no memory of how they came about are unknown, until a long run', () => {
    const forgotten = podOf([container(4, running(0))]);
    expect(held(forgotten, 60)).toEqual({
      state: 'unknown',
      evidence: 'container app terminated 4 times, and its status does not say how',
      recheckAfterMs: 540_000,
    });
    expect(state(forgotten, 600)).toBe('not-firing');
  });

  test('what the kubelet lost track of is no crash', () => {
    const lost = terminated(0, 5, { exitCode: 137, reason: 'ContainerStatusUnknown' });
    expect(state(podOf([container(2, lost)]), 9)).toBe('unknown');
  });

  test('a Pod of which its node does not report is unknown', () => {
    expect(state(podOf([container(2, terminated(5, 8), terminated(1, 4))], { phase: 'Unknown' }), 9)).toBe('unknown');
    const { status: _status, ...unreported } = podOf([]);
    expect(state(unreported, 9)).toBe('unknown');
  });

  test('one container in a loop outweighs another that is unknown', () => {
    const both = podOf([container(4, running(0), {}, 'side'), container(1, terminated(5, 8), terminated(1, 4))]);
    expect(state(both, 9)).toBe('firing');
    expect(state(podOf([container(4, running(0), {}, 'side'), container(0, running(0))]), 9)).toBe('unknown');
  });
});

describe('Pods that have ended or are about to', () => {
  const looping = [container(1, terminated(5, 8), terminated(1, 4))];

  test.each(['Succeeded', 'Failed'])('%s', (phase) => {
    expect(held(podOf(looping, { phase }), 9)).toEqual({
      state: 'not-firing',
      evidence: `the Pod has ended: ${phase}`,
    });
  });

  test('being deleted', () => {
    expect(held(podOf(looping, {}, { deletionTimestamp: at(8) }), 9)).toEqual({
      state: 'not-firing',
      evidence: 'being deleted',
    });
  });
});

describe('several containers', () => {
  const good = container(0, running(0), {}, 'good');

  test('any of them counts, init containers too', () => {
    const looping = container(1, terminated(5, 8), terminated(1, 4), 'bad');
    expect(held(podOf([good, looping]), 9)).toMatchObject({
      state: 'firing',
      evidence: expect.stringContaining('container bad'),
    });
    expect(held(podOf([good], { initContainerStatuses: [looping], phase: 'Pending' }), 9).state).toBe('firing');
  });

  test('the one in trouble for longest is named', () => {
    const older = container(1, terminated(2, 6), terminated(1, 2), 'older');
    const newer = container(1, terminated(5, 8), terminated(1, 4), 'newer');
    expect(held(podOf([newer, older]), 9).evidence).toContain('container older');
  });
});

describe('held for', () => {
  const forTwoMinutes = { type: 'CrashLoopBackOff', status: 'True' } as const; // two minutes are the default
  const looping = podOf([container(1, terminated(5, 8), terminated(1, 4))]);

  test('waits until two minutes after the second crash, and says so', () => {
    expect(evaluateCondition(forTwoMinutes, looping, ms(30))).toEqual({
      state: 'not-firing',
      since: '2026-11-25T08:00:08.000Z',
      evidence: 'not yet for 2m: container app terminated 2 times, last exit code 1 (Error)',
      recheckAfterMs: 98_000,
    });
    expect(evaluateCondition(forTwoMinutes, looping, ms(127.999)).state).toBe('not-firing');
    expect(evaluateCondition(forTwoMinutes, looping, ms(128))).toMatchObject({
      state: 'firing',
      since: '2026-11-25T08:00:08.000Z',
    });
  });

  test('looks again when the container may have recovered, if that is earlier', () => {
    const restarted = podOf([container(2, running(12), terminated(5, 8))]);
    expect(evaluateCondition(forTwoMinutes, restarted, ms(20))).toMatchObject({
      state: 'not-firing',
      recheckAfterMs: 22_000,
    });
  });

  test('is not met by a loop that recovers first', () => {
    const recovered = podOf([container(2, running(12), terminated(5, 8))]);
    expect(evaluateCondition(forTwoMinutes, recovered, ms(128), { since: at(8) })).toMatchObject({
      state: 'not-firing',
    });
  });
});

test('asking again at the given time never misses a change: in between the answer stays', () => {
  const history = fc
    .record({
      restarts: fc.integer({ min: 0, max: 5 }),
      run: fc.integer({ min: 0, max: 700 }),
      gap: fc.integer({ min: 0, max: 300 }),
      exitCode: fc.constantFrom(0, 1),
    })
    .map(({ restarts, run, gap, exitCode }) =>
      podOf([container(restarts, running(run + gap), terminated(0, run, { exitCode }))]),
    );
  fc.assert(
    fc.property(
      history,
      fc.constantFrom('0s', '30s', '2m'),
      fc.integer({ min: 0, max: 1_500 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (pod, duration, now, part) => {
        const trigger = { type: 'CrashLoopBackOff', duration };
        const first = evaluateCondition(trigger, pod, ms(now));
        const until = first.recheckAfterMs ?? 3_600_000;
        expect(evaluateCondition(trigger, pod, ms(now) + Math.floor(until * part)).state).toBe(first.state);
      },
    ),
    { numRuns: 500 },
  );
});
