import { describe, expect, test } from '@jest/globals';
import type { Pod } from '../../../src/api/workloads.ts';
import { evaluateCondition } from '../../../src/triggers/condition.ts';
import { WAITING_REASONS } from '../../../src/triggers/condition/waiting.ts';
import { condition, container, ms, podOf, running, terminated, waiting } from '../../support/pods.ts';

const held = (type: string, pod: Pod, now = 60, duration = '0s') => evaluateCondition({ type, duration }, pod, ms(now));
const pending = (...containers: Parameters<typeof podOf>[0]): Pod => podOf(containers, { phase: 'Pending' });

test.each(Object.keys(WAITING_REASONS))('%s is true while a container waits for it', (reason) => {
  expect(held(reason, pending(container(0, waiting(reason)))).state).toBe('firing');
  expect(held(reason, pending(container(0, waiting('ContainerCreating')))).state).toBe('not-firing');
  expect(held(reason, podOf([container(0, running(0))])).state).toBe('not-firing');
});

test.each([
  ['ImagePullBackOff', 'ErrImagePull'],
  ['ErrImagePull', 'ImagePullBackOff'],
])('%s does not end while the kubelet shows %s', (type, shown) => {
  expect(held(type, pending(container(0, waiting(shown)))).state).toBe('firing');
});

test('but they are not taken for other faults', () => {
  expect(held('ImagePullBackOff', pending(container(0, waiting('InvalidImageName')))).state).toBe('not-firing');
  expect(held('InvalidImageName', pending(container(0, waiting('ImagePullBackOff')))).state).toBe('not-firing');
});

test('a container that cannot start stays so while its restart is held back', () => {
  const cannotStart = terminated(0, 8, { exitCode: 128, reason: 'StartError' });
  expect(held('RunContainerError', pending(container(3, waiting('CrashLoopBackOff'), cannotStart))).state).toBe(
    'firing',
  );
  expect(held('RunContainerError', podOf([container(3, running(9), cannotStart)])).state).toBe('not-firing');
});

test('an init container counts', () => {
  const init = podOf([container(0, waiting('PodInitializing'))], {
    phase: 'Pending',
    initContainerStatuses: [container(0, waiting('ImagePullBackOff'), {}, 'migrate')],
  });
  expect(held('ImagePullBackOff', init)).toMatchObject({
    state: 'firing',
    evidence: 'container migrate waits: ImagePullBackOff',
  });
});

test('a Pod without containers yet does not wait', () => {
  expect(held('ImagePullBackOff', pending())).toEqual({
    state: 'not-firing',
    evidence: 'no container has been started',
  });
});

test('the evidence is one line of at most 256 characters', () => {
  const chatty = pending(container(0, waiting('ErrImagePull', `failed:\n\t${'x'.repeat(1_000)}`)));
  const { evidence } = held('ErrImagePull', chatty);
  expect(evidence).toMatch(/^container app waits: ErrImagePull: failed: x+…$/);
  expect(evidence).toHaveLength(256);
});

describe('since when, as a waiting state carries no time', () => {
  const bad = podOf([container(0, waiting('ErrImagePull'))], {
    phase: 'Pending',
    conditions: [condition('PodScheduled', 'True', 1), condition('ContainersReady', 'False', 2)],
  });
  const since = (pod: Pod, earlier?: { since?: string }): string | undefined => {
    const evaluation = evaluateCondition({ type: 'ErrImagePull', duration: '0s' }, pod, ms(60), earlier);
    return evaluation.state === 'firing' ? evaluation.since : undefined;
  };

  test('at first sight: since the containers are not ready', () => {
    expect(since(bad)).toBe('2026-11-25T08:00:02.000Z');
  });

  test('after the Pod was seen without it: now', () => {
    expect(since(bad, {})).toBe('2026-11-25T08:01:00.000Z');
  });

  test('after it was seen with it: as it was', () => {
    expect(since(bad, { since: '2026-11-25T08:00:30.500Z' })).toBe('2026-11-25T08:00:30.500Z');
  });

  test('at first sight without any time: now', () => {
    expect(since(pending(container(0, waiting('ErrImagePull'))))).toBe('2026-11-25T08:01:00.000Z');
  });
});

test('asked for False it is true of whatever does not wait, and never of what is unknown', () => {
  const asked = { type: 'ImagePullBackOff', status: 'False', duration: '0s' } as const;
  expect(evaluateCondition(asked, podOf([container(0, running(0))]), ms(60)).state).toBe('firing');
  expect(evaluateCondition(asked, pending(container(0, waiting('ErrImagePull'))), ms(60)).state).toBe('not-firing');
  expect(evaluateCondition(asked, podOf([container(0, running(0))], { phase: 'Unknown' }), ms(60)).state).toBe(
    'unknown',
  );
});
