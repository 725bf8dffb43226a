import type { ContainerRecord, Records } from './container-record.ts';
import { podConditions, withTransitionTimes } from './pod-conditions.ts';
import { podPhase } from './pod-phase.ts';
import { planPod } from './pod-plan.ts';
import {
  isSidecar,
  restartPolicyOf,
  rfc3339,
  type Container,
  type ContainerState,
  type ContainerStatus,
  type Pod,
  type PodCondition,
  type PodPhase,
  type PodStatus,
  type RestartPolicy,
} from './pod.ts';

export interface PodVerdict {
  readonly reason: string;
  readonly message: string;
}

export interface StatusInput {
  readonly pod: Pod;
  readonly records: Records;
  /** Conditions as last computed, for their transition times. */
  readonly previousConditions: readonly PodCondition[];
  readonly hostIP: string;
  readonly podIP: string;
  readonly startedAt: number;
  /** No container will be started any more. */
  readonly terminal: boolean;
  /** Why the node ended the pod, e.g. `DeadlineExceeded`. */
  readonly verdict?: PodVerdict;
  readonly now: number;
}

/** The status that the node reports; pure. */
export function podStatus(input: StatusInput): PodStatus {
  const { pod, records, terminal } = input;
  const policy = restartPolicyOf(pod);
  const { initialized } = planPod(pod, records);
  const hasInit = (pod.spec.initContainers ?? []).length > 0;
  const initStatuses = (pod.spec.initContainers ?? []).map((container) =>
    containerStatus(container, records.get(container.name), {
      waiting: 'PodInitializing',
      policy: terminal ? 'Never' : isSidecar(container) ? 'Always' : policy === 'Never' ? 'Never' : 'OnFailure',
      readyWhenDone: !isSidecar(container),
    }),
  );
  const byName = pod.spec.containers.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const statuses = byName.map((container) =>
    containerStatus(container, records.get(container.name), {
      waiting: hasInit && !initialized ? 'PodInitializing' : 'ContainerCreating',
      policy: terminal ? 'Never' : policy,
      readyWhenDone: false,
    }),
  );
  const { phase, verdict } = phaseOf(input);
  const findings = podConditions({
    pod,
    phase,
    initialized,
    initStatuses,
    statuses,
    hasAddress: !terminal,
  });
  const generation = pod.metadata.generation;
  return {
    phase,
    ...(verdict ?? {}),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    hostIP: input.hostIP,
    hostIPs: [{ ip: input.hostIP }],
    podIP: input.podIP,
    podIPs: [{ ip: input.podIP }],
    startTime: rfc3339(input.startedAt),
    conditions: withTransitionTimes(findings, input.previousConditions, rfc3339(input.now), generation),
    ...(hasInit ? { initContainerStatuses: initStatuses } : {}),
    containerStatuses: statuses,
  };
}

/** A pod does not succeed or fail while a process of it, be it a sidecar's, still runs. */
function phaseOf({ pod, records, terminal, verdict }: StatusInput): { phase: PodPhase; verdict?: PodVerdict } {
  const alive = [...records.values()].some(({ current }) => current?.state === 'running');
  if (!alive) return verdict === undefined ? { phase: podPhase(pod, records, terminal) } : { phase: 'Failed', verdict };
  const phase = podPhase(pod, records, false);
  return { phase: phase === 'Pending' ? 'Pending' : 'Running' };
}

interface ContainerContext {
  readonly waiting: string;
  readonly policy: RestartPolicy;
  readonly readyWhenDone: boolean;
}

function containerStatus(
  container: Container,
  record: ContainerRecord | undefined,
  context: ContainerContext,
): ContainerStatus {
  const { state, lastState } = containerStates(record, context);
  const running = record?.current?.state === 'running';
  const done = context.readyWhenDone && state.terminated?.exitCode === 0;
  return {
    name: container.name,
    state,
    lastState,
    ready: done || (running && record.ready),
    started: running && record.started,
    restartCount: record?.restartCount ?? 0,
    image: container.image,
    imageID: record?.current === undefined ? '' : container.image.replace(/:[^:/]*$/, ''),
    ...(record?.current === undefined ? {} : { containerID: record.current.id }),
    ...(running ? { resources: container.resources ?? {} } : {}),
    ...(running && container.resources?.requests !== undefined
      ? { allocatedResources: container.resources.requests }
      : {}),
  };
}

function containerStates(
  record: ContainerRecord | undefined,
  { policy, waiting }: ContainerContext,
): { readonly state: ContainerState; readonly lastState: ContainerState } {
  const lastState = record?.previous === undefined ? {} : { terminated: record.previous };
  const current = record?.current;
  if (current?.state === 'running') return { state: { running: { startedAt: rfc3339(current.startedAt) } }, lastState };
  const failure = record?.failure;
  if (current === undefined) return { state: { waiting: failure ?? { reason: waiting } }, lastState };
  const { terminated } = current;
  const restarts = policy === 'Always' || (policy === 'OnFailure' && terminated.exitCode !== 0);
  // As a kubelet: the crash stays visible as `terminated` until a later sync finds the restart put off.
  if (failure !== undefined && restarts) return { state: { waiting: failure }, lastState: { terminated } };
  return { state: { terminated }, lastState };
}
