import type { ContainerRecord, Records } from './container-record.ts';
import { isSidecar, restartPolicyOf, type Pod, type PodPhase } from './pod.ts';

/** `terminal`: no container will be started any more (deletion, deadline, or nothing left to restart). */
export function podPhase(pod: Pod, records: Records, terminal: boolean): PodPhase {
  const policy = restartPolicyOf(pod);
  let pendingInit = false;
  let failedInit = false;
  for (const container of pod.spec.initContainers ?? []) {
    if (isSidecar(container)) {
      if (records.get(container.name)?.current === undefined) pendingInit = true;
      continue;
    }
    const current = records.get(container.name)?.current;
    if (current?.state === 'exited' && current.terminated.exitCode === 0) continue;
    if (current?.state === 'exited' && policy === 'Never') failedInit = true;
    pendingInit = true;
  }

  const main = pod.spec.containers.map((container) => records.get(container.name));
  const running = main.filter((record) => record?.current?.state === 'running').length;
  const exited = main.filter((record) => record?.current?.state === 'exited');
  const succeeded = exited.filter((record) => exitCode(record) === 0).length;
  const absent = main.length - running - exited.length;

  if (failedInit && policy === 'Never') return 'Failed';
  if (terminal && running === 0)
    return absent === 0 && succeeded === main.length && !pendingInit ? 'Succeeded' : 'Failed';
  if (pendingInit && exited.length + running === 0) return 'Pending';
  if (absent > 0) return 'Pending';
  if (running > 0 || policy === 'Always') return 'Running';
  if (succeeded === exited.length) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}

function exitCode(record: ContainerRecord | undefined): number | undefined {
  return record?.current?.state === 'exited' ? record.current.terminated.exitCode : undefined;
}
