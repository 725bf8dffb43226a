import type { ContainerRecord, Records } from '../../../../src/local/kubelet/container-record.ts';
import type { Container, Pod, PodSpec, Terminated } from '../../../../src/local/kubelet/pod.ts';

export const NOW = Date.parse('2030-01-01T00:01:00Z');

export function pod(spec: Partial<PodSpec> = {}, rest: Partial<Pod> = {}): Pod {
  return {
    metadata: { name: 'shop-1', namespace: 'default', uid: 'uid-1', resourceVersion: '7', generation: 2 },
    spec: { containers: [container('web')], ...spec },
    ...rest,
  };
}

export const container = (name: string, rest: Partial<Container> = {}): Container => ({
  name,
  image: 'kubeskippy.local/web:1',
  ...rest,
});

export const terminated = (exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error'): Terminated => ({
  exitCode,
  reason,
  startedAt: '2030-01-01T00:00:00Z',
  finishedAt: '2030-01-01T00:00:30Z',
  containerID: `process://${reason}`,
});

export const running = (rest: Partial<ContainerRecord> = {}): ContainerRecord => ({
  restartCount: 0,
  started: true,
  ready: true,
  current: { state: 'running', id: 'process://live', startedAt: NOW - 20_000 },
  ...rest,
});

export const exited = (exitCode: number, rest: Partial<ContainerRecord> = {}): ContainerRecord => ({
  restartCount: 0,
  started: false,
  ready: false,
  current: {
    state: 'exited',
    id: 'process://dead',
    startedAt: NOW - 60_000,
    finishedAt: NOW - 30_000,
    terminated: terminated(exitCode),
  },
  ...rest,
});

export const records = (of: Readonly<Record<string, ContainerRecord>>): Records => new Map(Object.entries(of));
