import { describe, expect, test } from '@jest/globals';
import type { ContainerRecord } from '../../../../src/local/kubelet/container-record.ts';
import { planPod } from '../../../../src/local/kubelet/pod-plan.ts';
import type { Pod } from '../../../../src/local/kubelet/pod.ts';
import { container, exited, pod, records, running } from './fixtures.ts';

const plan = (of: Pod, known: Readonly<Record<string, ContainerRecord>> = {}) => {
  const { start, stop, initialized, finished } = planPod(of, records(known));
  return { start: start.map(({ name }) => name), stop: stop.map(({ name }) => name), initialized, finished };
};

describe('containers', () => {
  const two = { containers: [container('a'), container('b')] };
  test('all start at once', () => {
    expect(plan(pod(two))).toEqual({ start: ['a', 'b'], stop: [], initialized: true, finished: false });
  });
  test('what runs is left alone', () => {
    expect(plan(pod(two), { a: running(), b: running() })).toMatchObject({ start: [], finished: false });
  });
  test.each([
    ['Always', 0, ['a']],
    ['Always', 1, ['a']],
    ['OnFailure', 0, []],
    ['OnFailure', 1, ['a']],
    ['Never', 1, []],
  ] as const)('restartPolicy %s after exit %d', (restartPolicy, exitCode, start) => {
    expect(plan(pod({ ...two, restartPolicy }), { a: exited(exitCode), b: running() })).toMatchObject({
      start,
      finished: false,
    });
  });
  test('finished when nothing runs and nothing is to be restarted', () => {
    expect(plan(pod({ ...two, restartPolicy: 'OnFailure' }), { a: exited(0), b: exited(0) }).finished).toBe(true);
    expect(plan(pod({ ...two, restartPolicy: 'OnFailure' }), { a: exited(0), b: exited(1) }).finished).toBe(false);
    expect(plan(pod({ ...two, restartPolicy: 'Never' }), { a: exited(1), b: exited(0) }).finished).toBe(true);
  });
});

describe('init containers', () => {
  const spec = { initContainers: [container('i1'), container('i2')] };
  test('one after the other, then the rest', () => {
    expect(plan(pod(spec))).toMatchObject({ start: ['i1'], initialized: false });
    expect(plan(pod(spec), { i1: running() })).toMatchObject({ start: [], initialized: false });
    expect(plan(pod(spec), { i1: exited(0) })).toMatchObject({ start: ['i2'], initialized: false });
    expect(plan(pod(spec), { i1: exited(0), i2: exited(0) })).toMatchObject({ start: ['web'], initialized: true });
  });
  test('a failed one is repeated, or fails the pod that never restarts', () => {
    expect(plan(pod(spec), { i1: exited(1) })).toMatchObject({ start: ['i1'], finished: false });
    expect(plan(pod({ ...spec, restartPolicy: 'Never' }), { i1: exited(1) })).toMatchObject({
      start: [],
      finished: true,
    });
  });
  test('they are not run again for a container that restarts', () => {
    expect(plan(pod(spec), { i1: exited(255), i2: exited(0), web: exited(1) })).toMatchObject({
      start: ['web'],
      initialized: true,
    });
  });
});

describe('sidecars', () => {
  const spec = { restartPolicy: 'Never' as const, initContainers: [container('s', { restartPolicy: 'Always' })] };
  test('hold the rest back until they have started', () => {
    expect(plan(pod(spec))).toMatchObject({ start: ['s'], initialized: false });
    expect(plan(pod(spec), { s: running({ started: false }) })).toMatchObject({ start: [], initialized: false });
    expect(plan(pod(spec), { s: running() })).toMatchObject({ start: ['web'], initialized: true });
  });
  test('are restarted whatever the policy, beside what runs', () => {
    expect(plan(pod(spec), { s: exited(1), web: running() })).toMatchObject({ start: ['s'], initialized: true });
  });
  test('end when the work is done', () => {
    expect(plan(pod(spec), { s: running(), web: exited(0) })).toMatchObject({ start: [], stop: ['s'], finished: true });
  });
});
