import type { ContainerStatus, PodStatus } from './pod.ts';

/**
 * Whether what the API server holds says something else than what the node reported: somebody else wrote it. Compares
 * what matters and is stored as it was sent (the server rewrites quantities, for one).
 */
export function hasDrifted(reported: PodStatus, stored: PodStatus | undefined): boolean {
  return JSON.stringify(essence(reported, reported)) !== JSON.stringify(essence(stored ?? {}, reported));
}

function essence(status: PodStatus, reported: PodStatus): unknown {
  const own = new Set(reported.conditions?.map(({ type }) => type));
  return [
    status.phase,
    status.podIP,
    (status.conditions ?? [])
      .filter(({ type }) => own.has(type))
      .map(({ type, status: value }) => `${type}=${value}`)
      .sort(),
    (status.initContainerStatuses ?? []).map(container),
    (status.containerStatuses ?? []).map(container),
  ];
}

function container({ name, ready, started, restartCount, state, lastState, containerID }: ContainerStatus): unknown {
  return [
    name,
    ready,
    started,
    restartCount,
    containerID,
    Object.keys(state),
    state.waiting?.reason,
    state.terminated?.exitCode,
    lastState.terminated?.exitCode,
  ];
}
