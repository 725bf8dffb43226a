import { newRecord, type ContainerRecord, type ExitedInstance } from './container-record.ts';
import type { Checkpoint } from './pod-directory.ts';
import { allContainers, rfc3339, type ContainerStatus, type Pod, type Terminated } from './pod.ts';

/** Exit code and reason that a container runtime gives to a container that it lost. */
const LOST_EXIT_CODE = 255;
const LOST_REASON = 'Unknown';
const LOST_MESSAGE = 'the node was restarted; the process was ended with it';

/**
 * What is known of a pod's containers when the node (re)starts: from the pod's directory, else from the status that was
 * last reported. What ran then is over: no process is taken over.
 */
export function restoreRecords(
  pod: Pod,
  checkpoint: Checkpoint | undefined,
  now: number,
): Map<string, ContainerRecord> {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const records = new Map<string, ContainerRecord>();
  for (const { name } of allContainers(pod)) {
    const saved = checkpoint?.containers[name];
    const record = saved ?? fromStatus(statuses.find((status) => status.name === name));
    if (record === undefined) continue;
    const { current } = record;
    if (current?.state === 'running') record.current = lost(current.id, current.startedAt, now);
    record.started = false;
    record.ready = false;
    records.set(name, record);
  }
  return records;
}

function lost(id: string, startedAt: number, now: number): ExitedInstance {
  const terminated: Terminated = {
    exitCode: LOST_EXIT_CODE,
    reason: LOST_REASON,
    message: LOST_MESSAGE,
    startedAt: rfc3339(startedAt),
    finishedAt: rfc3339(now),
    containerID: id,
  };
  return { state: 'exited', id, startedAt, finishedAt: now, terminated };
}

function fromStatus(status: ContainerStatus | undefined): ContainerRecord | undefined {
  if (status === undefined) return undefined;
  const record: ContainerRecord = { ...newRecord(), restartCount: status.restartCount };
  const { running, terminated } = status.state;
  const last = status.lastState.terminated;
  const id = status.containerID ?? '';
  if (running !== undefined) record.current = { state: 'running', id, startedAt: Date.parse(running.startedAt) };
  // A waiting container shows how its latest instance ended as its last state.
  const ended = terminated ?? (running === undefined ? last : undefined);
  if (ended !== undefined) record.current = exited(ended);
  if (last !== undefined && ended !== last) record.previous = last;
  return record;
}

const exited = (terminated: Terminated): ExitedInstance => ({
  state: 'exited',
  id: terminated.containerID ?? '',
  startedAt: Date.parse(terminated.startedAt),
  finishedAt: Date.parse(terminated.finishedAt),
  terminated,
});
