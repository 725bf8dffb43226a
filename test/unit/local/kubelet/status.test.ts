import { describe, expect, test } from '@jest/globals';
import type { ContainerRecord } from '../../../../src/local/kubelet/container-record.ts';
import { podStatus, type StatusInput } from '../../../../src/local/kubelet/pod-status.ts';
import type { Pod, PodCondition } from '../../../../src/local/kubelet/pod.ts';
import { container, exited, NOW, pod, records, running, terminated } from './fixtures.ts';

const status = (of: Pod, known: Readonly<Record<string, ContainerRecord>> = {}, rest: Partial<StatusInput> = {}) =>
  podStatus({
    pod: of,
    records: records(known),
    previousConditions: [],
    hostIP: '127.0.0.1',
    podIP: '10.64.0.1',
    startedAt: NOW - 60_000,
    terminal: false,
    now: NOW,
    ...rest,
  });

const condition = (conditions: readonly PodCondition[] | undefined, type: string) =>
  conditions?.find((candidate) => candidate.type === type);

describe('a container', () => {
  const first = (known: Readonly<Record<string, ContainerRecord>>, rest?: Partial<StatusInput>) =>
    status(pod(), known, rest).containerStatuses?.[0];

  test('is being created before anything is known', () => {
    expect(first({})).toMatchObject({
      state: { waiting: { reason: 'ContainerCreating' } },
      lastState: {},
      ready: false,
      restartCount: 0,
    });
  });
  test('runs', () => {
    expect(first({ web: running() })).toMatchObject({
      state: { running: { startedAt: '2030-01-01T00:00:40Z' } },
      ready: true,
      started: true,
      resources: {},
      containerID: 'process://live',
    });
  });
  test('runs, not ready yet', () => {
    expect(first({ web: running({ ready: false }) })).toMatchObject({ ready: false, started: true });
  });
  test('shows its crash as terminated as long as no restart was put off', () => {
    expect(first({ web: exited(1, { restartCount: 2, previous: terminated(3) }) })).toMatchObject({
      state: { terminated: { exitCode: 1, reason: 'Error' } },
      lastState: { terminated: { exitCode: 3 } },
      restartCount: 2,
    });
  });
  test('waits in CrashLoopBackOff, the crash being its last state', () => {
    const failure = { reason: 'CrashLoopBackOff', message: 'back-off 10s' };
    expect(first({ web: exited(137, { failure, previous: terminated(3) }) })).toMatchObject({
      state: { waiting: failure },
      lastState: { terminated: { exitCode: 137 } },
    });
  });
  test('does not wait for a restart that will not come', () => {
    const failure = { reason: 'CrashLoopBackOff', message: 'back-off 10s' };
    expect(first({ web: exited(1, { failure }) }, { terminal: true })?.state).toHaveProperty('terminated');
  });
  test('waits for its image', () => {
    const failure = { reason: 'ErrImagePull', message: 'not found' };
    expect(first({ web: { restartCount: 0, started: false, ready: false, failure } })).toMatchObject({
      state: { waiting: failure },
      imageID: '',
    });
  });
});

test('containers are listed by name, init containers in their order', () => {
  const of = pod({ initContainers: [container('z'), container('y')], containers: [container('b'), container('a')] });
  const { initContainerStatuses, containerStatuses } = status(of);
  expect(initContainerStatuses?.map(({ name }) => name)).toEqual(['z', 'y']);
  expect(containerStatuses?.map(({ name }) => name)).toEqual(['a', 'b']);
});

describe('phase', () => {
  const withSidecar = pod({ restartPolicy: 'Never', initContainers: [container('s', { restartPolicy: 'Always' })] });
  const two = (restartPolicy: 'Always' | 'OnFailure' | 'Never') =>
    pod({ restartPolicy, containers: [container('a'), container('b')] });
  test.each([
    ['nothing started', two('Always'), {}, false, 'Pending'],
    ['one of two started', two('Always'), { a: running() }, false, 'Pending'],
    ['all run', two('Always'), { a: running(), b: running() }, false, 'Running'],
    ['all crashed, will restart', two('Always'), { a: exited(1), b: exited(1) }, false, 'Running'],
    ['OnFailure, one failed', two('OnFailure'), { a: exited(0), b: exited(1) }, false, 'Running'],
    ['OnFailure, all done', two('OnFailure'), { a: exited(0), b: exited(0) }, true, 'Succeeded'],
    ['Never, one failed', two('Never'), { a: exited(0), b: exited(1) }, true, 'Failed'],
    ['Never, one failed, one runs', two('Never'), { a: running(), b: exited(1) }, false, 'Running'],
    ['deleted, ended well', two('Always'), { a: exited(0), b: exited(0) }, true, 'Succeeded'],
    ['deleted, killed', two('Always'), { a: exited(0), b: exited(137) }, true, 'Failed'],
    ['deleted before it started', two('Always'), {}, true, 'Failed'],
    ['init runs', pod({ initContainers: [container('i')] }), { i: running() }, false, 'Pending'],
    ['done, but a sidecar runs', withSidecar, { s: running(), web: exited(0) }, true, 'Running'],
    ['done, sidecar ended', withSidecar, { s: exited(0), web: exited(0) }, true, 'Succeeded'],
    [
      'init failed, Never',
      pod({ restartPolicy: 'Never', initContainers: [container('i')] }),
      { i: exited(1) },
      true,
      'Failed',
    ],
  ] as const)('%s', (_name, of, known, terminal, phase) => {
    expect(status(of, known as Readonly<Record<string, ContainerRecord>>, { terminal }).phase).toBe(phase);
  });
  test('a deadline fails the pod whatever its containers say', () => {
    const verdict = { reason: 'DeadlineExceeded', message: 'too long' };
    const input = { verdict, terminal: true };
    expect(status(pod(), { web: exited(0) }, input)).toMatchObject({ phase: 'Failed', ...verdict });
    expect(status(pod(), { web: running() }, input).phase).toBe('Running'); // not before they have ended
  });
});

describe('conditions', () => {
  test('ready', () => {
    const { conditions } = status(pod(), { web: running() });
    expect(conditions?.map(({ type, status: value }) => `${type}=${value}`)).toEqual([
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'ContainersReady=True',
      'Ready=True',
    ]);
  });
  test('unready containers are named', () => {
    expect(condition(status(pod(), {}).conditions, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [web]',
      observedGeneration: 2,
    });
  });
  test('incomplete init containers are named', () => {
    const of = pod({ initContainers: [container('i1'), container('i2')] });
    expect(condition(status(of, { i1: exited(0) }).conditions, 'Initialized')).toMatchObject({
      status: 'False',
      message: 'containers with incomplete status: [i2]',
    });
  });
  test('a succeeded pod is not ready because it is completed', () => {
    const { conditions } = status(pod({ restartPolicy: 'Never' }), { web: exited(0) }, { terminal: true });
    expect(condition(conditions, 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
    expect(condition(conditions, 'PodReadyToStartContainers')?.status).toBe('False');
  });
  test('readiness gates hold Ready back, not ContainersReady', () => {
    const of = pod({ containers: [container('web')], readinessGates: [{ conditionType: 'example.com/ok' }] });
    const { conditions } = status(of, { web: running() });
    expect(condition(conditions, 'ContainersReady')?.status).toBe('True');
    expect(condition(conditions, 'Ready')).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady' });
    const opened: Pod = { ...of, status: { conditions: [{ type: 'example.com/ok', status: 'True' }] } };
    expect(condition(status(opened, { web: running() }).conditions, 'Ready')?.status).toBe('True');
  });
  test('the transition time moves only with the status', () => {
    const before = status(pod(), { web: running() }).conditions ?? [];
    const later = NOW + 60_000;
    const same = status(pod(), { web: running() }, { previousConditions: before, now: later }).conditions;
    const changed = status(pod(), { web: exited(1) }, { previousConditions: before, now: later }).conditions;
    expect(condition(same, 'Ready')?.lastTransitionTime).toBe('2030-01-01T00:01:00Z');
    expect(condition(changed, 'Ready')?.lastTransitionTime).toBe('2030-01-01T00:02:00Z');
    expect(condition(changed, 'Initialized')?.lastTransitionTime).toBe('2030-01-01T00:01:00Z');
  });
});
