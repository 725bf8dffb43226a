import type { ContainerRecord, Records } from './container-record.ts';
import { isSidecar, restartPolicyOf, type Container, type Pod, type RestartPolicy } from './pod.ts';

/** What the containers of a pod should do next. */
export interface PodPlan {
  /** Containers without a running instance that should get one, subject to back-off. */
  readonly start: readonly Container[];
  /** Running containers that should end (sidecars that outlived the pod's work). */
  readonly stop: readonly Container[];
  /** All init containers are done and the sidecars among them have started. */
  readonly initialized: boolean;
  /** Nothing will ever run again: the pod succeeded or failed. */
  readonly finished: boolean;
}

const running = (record: ContainerRecord | undefined): boolean => record?.current?.state === 'running';

function shouldStart(record: ContainerRecord | undefined, policy: RestartPolicy): boolean {
  const current = record?.current;
  if (current === undefined) return true;
  if (current.state === 'running') return false;
  return policy === 'Always' || (policy === 'OnFailure' && current.terminated.exitCode !== 0);
}

/** The next step of the pod's life; pure, so that it may be asked at any time and as often as wanted. */
export function planPod(pod: Pod, records: Records): PodPlan {
  const policy = restartPolicyOf(pod);
  const start: Container[] = [];
  const initContainers = pod.spec.initContainers ?? [];
  const sidecars = initContainers.filter(isSidecar);
  let failed = false;
  let initialized = true;

  for (const container of initContainers) {
    const record = records.get(container.name);
    if (isSidecar(container)) {
      if (shouldStart(record, 'Always')) start.push(container);
      if (record?.started === true && running(record)) continue;
      initialized = hasMainContainers(pod, records); // a sidecar that dies later does not hold back the rest
      if (initialized) continue;
      break;
    }
    const current = record?.current;
    if (current?.state === 'exited' && current.terminated.exitCode === 0) continue;
    if (hasMainContainers(pod, records)) continue; // initialisation was completed once
    initialized = false;
    if (current?.state === 'exited' && policy === 'Never') failed = true;
    else if (current?.state !== 'running') start.push(container);
    break;
  }

  if (failed)
    return { start: [], stop: sidecars.filter((s) => running(records.get(s.name))), initialized, finished: true };
  if (!initialized) return { start, stop: [], initialized, finished: false };

  const due = pod.spec.containers.filter((container) => shouldStart(records.get(container.name), policy));
  const alive = pod.spec.containers.some((container) => running(records.get(container.name)));
  if (due.length === 0 && !alive)
    return { start: [], stop: sidecars.filter((s) => running(records.get(s.name))), initialized, finished: true };
  return { start: [...start, ...due], stop: [], initialized, finished: false };
}

const hasMainContainers = (pod: Pod, records: Records): boolean =>
  pod.spec.containers.some((container) => records.get(container.name)?.current !== undefined);
