import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Trigger } from '../../../src/api/healing-policy.ts';
import type { ConditionTrigger } from '../../../src/api/shared.ts';
import type { StatusCondition } from '../../../src/api/workloads.ts';
import { evaluateCondition } from '../../../src/triggers/condition.ts';
import { compileTrigger, isHonoured } from '../../../src/triggers/index.ts';
import { object } from '../../support/objects.ts';
import { at, condition, container, ms, podOf, running } from '../../support/pods.ts';

const withConditions = (...conditions: readonly StatusCondition[]) => podOf([container(0, running(0))], { conditions });
const notReady = withConditions(condition('Ready', 'False', 10, 'ContainersNotReady'));
const ask = (trigger: ConditionTrigger, target: Parameters<typeof evaluateCondition>[1], now = 60) =>
  evaluateCondition(trigger, target, ms(now));

describe('conditions of a Pod', () => {
  test.each<[string, 'True' | 'False' | 'Unknown', string, string]>([
    ['Ready', 'False', 'False', 'firing'],
    ['Ready', 'False', 'True', 'not-firing'],
    ['Ready', 'False', 'Unknown', 'not-firing'], // the node does not answer: not the same as not ready
    ['Ready', 'Unknown', 'Unknown', 'firing'],
    ['Ready', 'True', 'True', 'firing'],
    ['PodScheduled', 'False', 'False', 'firing'],
    ['example.com/gate', 'False', 'False', 'firing'],
  ])('%s asked to be %s is %s: %s', (type, status, actual, expected) => {
    expect(ask({ type, status, duration: '0s' }, withConditions(condition(type, actual, 10))).state).toBe(expected);
  });

  test('status is True unless it is given', () => {
    expect(ask({ type: 'Ready', duration: '0s' }, withConditions(condition('Ready', 'True', 10))).state).toBe('firing');
    expect(ask({ type: 'Ready', duration: '0s' }, notReady).state).toBe('not-firing');
  });

  test('one that is absent says nothing, whatever is asked', () => {
    for (const status of ['True', 'False', 'Unknown'] as const)
      expect(ask({ type: 'Ready', status, duration: '0s' }, withConditions())).toEqual({
        state: 'unknown',
        evidence: 'Pod has no condition Ready',
      });
  });

  test('but one that is there only while it is True is otherwise False', () => {
    expect(ask({ type: 'DisruptionTarget', duration: '0s' }, withConditions()).state).toBe('not-firing');
    expect(
      ask({ type: 'DisruptionTarget', duration: '0s' }, withConditions(condition('DisruptionTarget', 'True', 3))).state,
    ).toBe('firing');
    expect(ask({ type: 'DisruptionTarget', duration: '0s' }, object('Pod', 'unreported')).state).toBe('unknown');
  });

  test('a status that is none of the three says nothing', () => {
    expect(ask({ type: 'Ready', status: 'False' }, withConditions(condition('Ready', 'Maybe', 10))).state).toBe(
      'unknown',
    );
  });
});

describe('held for', () => {
  const asked = { type: 'Ready', status: 'False', duration: '1m30s' } as const;

  test('counts from the last transition, whenever it was first seen', () => {
    expect(ask(asked, notReady, 99)).toMatchObject({
      state: 'not-firing',
      since: '2026-11-25T08:00:10.000Z',
      recheckAfterMs: 1_000,
    });
    expect(ask(asked, notReady, 100)).toEqual({
      state: 'firing',
      since: '2026-11-25T08:00:10.000Z',
      evidence: 'Ready is False: ContainersNotReady',
    });
  });

  test('a transition that was not seen between two looks starts it anew', () => {
    const flapped = withConditions(condition('Ready', 'False', 80));
    expect(evaluateCondition(asked, flapped, ms(100), { since: at(10) })).toMatchObject({
      state: 'not-firing',
      recheckAfterMs: 70_000,
    });
  });

  test('a clock behind the server’s waits the whole time, not longer', () => {
    expect(ask(asked, notReady, 0)).toMatchObject({ state: 'not-firing', recheckAfterMs: 90_000 });
  });

  test('without a transition time it counts from the first look', () => {
    const untimed = withConditions({ type: 'Ready', status: 'False', lastTransitionTime: null });
    expect(ask(asked, untimed, 60)).toMatchObject({ since: '2026-11-25T08:01:00.000Z', recheckAfterMs: 90_000 });
    expect(evaluateCondition(asked, untimed, ms(150), { since: at(60) })).toMatchObject({ state: 'firing' });
  });

  test('longer durations never fire earlier', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 600 }),
        fc.integer({ min: 0, max: 600 }),
        fc.integer({ min: 0, max: 1_200 }),
        (a, b, now) => {
          const fires = (seconds: number): boolean =>
            ask({ ...asked, duration: `${seconds}s` }, notReady, now).state === 'firing';
          if (fires(Math.max(a, b))) expect(fires(Math.min(a, b))).toBe(true);
        },
      ),
    );
  });
});

describe('workloads', () => {
  const deployment = (conditions: readonly StatusCondition[], generation = 3, observedGeneration = 3) => ({
    ...object('Deployment', 'web', { generation }),
    status: { observedGeneration, conditions },
  });
  const stuck = [
    condition('Available', 'True', 0, 'MinimumReplicasAvailable'),
    condition('Progressing', 'False', 10, 'ProgressDeadlineExceeded'),
  ];

  test('a rollout that is stuck', () => {
    const asked = { type: 'Progressing', status: 'False', duration: '0s' } as const;
    expect(ask(asked, deployment(stuck))).toEqual({
      state: 'firing',
      since: '2026-11-25T08:00:10.000Z',
      evidence: 'Progressing is False: ProgressDeadlineExceeded',
    });
    expect(ask(asked, deployment([condition('Progressing', 'True', 0, 'NewReplicaSetAvailable')])).state).toBe(
      'not-firing',
    );
    expect(ask(asked, deployment([condition('Progressing', 'Unknown', 0, 'DeploymentPaused')])).state).toBe(
      'not-firing',
    );
  });

  test('a status for an older spec says nothing: the healing may already be under way', () => {
    expect(ask({ type: 'Progressing', status: 'False', duration: '0s' }, deployment(stuck, 4, 3))).toEqual({
      state: 'unknown',
      evidence: 'the status of Deployment is for generation 3, not 4',
    });
  });

  test('too few replicas', () => {
    const asked = { type: 'Available', status: 'False', duration: '0s' } as const;
    expect(ask(asked, deployment(stuck)).state).toBe('not-firing');
    expect(ask(asked, deployment([condition('Available', 'False', 5)])).state).toBe('firing');
  });

  test('Pods that cannot be created: the condition vanishes when they can', () => {
    const asked = { type: 'ReplicaFailure', duration: '0s' };
    expect(ask(asked, deployment([condition('ReplicaFailure', 'True', 5, 'FailedCreate')])).state).toBe('firing');
    expect(ask(asked, deployment(stuck)).state).toBe('not-firing');
  });

  test('have no containers', () => {
    expect(ask({ type: 'OOMKilled', duration: '0s' }, deployment(stuck)).state).toBe('unknown');
  });

  test('being deleted are past healing', () => {
    const leaving = { ...deployment(stuck), metadata: { ...deployment(stuck).metadata, deletionTimestamp: at(20) } };
    expect(ask({ type: 'Progressing', status: 'False', duration: '0s' }, leaving).state).toBe('not-firing');
  });
});

describe('as a trigger', () => {
  const trigger = (conditionTrigger: ConditionTrigger): Trigger => ({ type: 'condition', conditionTrigger });
  const concerned = (type: string): string[] =>
    ['Pod', 'ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet'].filter((kind) =>
      compileTrigger(trigger({ type })).concerns(kind),
    );

  test('concerns the kinds that can be in the state', () => {
    expect(concerned('CrashLoopBackOff')).toEqual(['Pod']);
    expect(concerned('ImagePullBackOff')).toEqual(['Pod']);
    expect(concerned('Ready')).toEqual(['Pod']);
    expect(concerned('Progressing')).toEqual(['Deployment']);
    expect(concerned('ReplicaFailure')).toEqual(['ReplicaSet', 'Deployment']);
    expect(concerned('example.com/gate')).toHaveLength(5);
  });

  test('a duration that is none is refused at once', () => {
    expect(() => compileTrigger(trigger({ type: 'Ready', duration: 'soon' }))).toThrow(/"soon" is not a duration/);
  });

  test('a trigger without its part is refused', () => {
    expect(() => compileTrigger({ type: 'condition' })).toThrow(/needs conditionTrigger/);
  });

  test('other types are not honoured yet, and say so', () => {
    expect(isHonoured('condition')).toBe(true);
    expect(isHonoured('metric')).toBe(false);
    expect(() => compileTrigger({ type: 'event', eventTrigger: {} })).toThrow(/no effect in this release/);
  });
});
