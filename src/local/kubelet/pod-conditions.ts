import type { ContainerStatus, Pod, PodCondition, PodPhase } from './pod.ts';
import { isSidecar } from './pod.ts';

type Finding = Pick<PodCondition, 'type' | 'status' | 'reason' | 'message'>;

/** What the conditions are derived from. */
export interface ConditionInput {
  readonly pod: Pod;
  readonly phase: PodPhase;
  readonly initialized: boolean;
  readonly initStatuses: readonly ContainerStatus[];
  readonly statuses: readonly ContainerStatus[];
  readonly hasAddress: boolean;
}

const named = (statuses: readonly ContainerStatus[]): string => statuses.map((status) => status.name).join(' ');

/** The conditions that a kubelet owns; `PodScheduled` is the scheduler's and is left alone. */
export function podConditions(input: ConditionInput): readonly Finding[] {
  const containersReady = readiness(input);
  return [
    { type: 'PodReadyToStartContainers', status: input.hasAddress ? 'True' : 'False' },
    initialization(input),
    { type: 'ContainersReady', ...containersReady },
    { type: 'Ready', ...podReadiness(input, containersReady) },
  ];
}

function initialization({ phase, initialized, initStatuses }: ConditionInput): Finding {
  if (phase === 'Succeeded') return { type: 'Initialized', status: 'True', reason: 'PodCompleted' };
  if (initialized) return { type: 'Initialized', status: 'True' };
  return {
    type: 'Initialized',
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${named(initStatuses.filter((status) => !status.ready))}]`,
  };
}

function readiness({ pod, phase, initStatuses, statuses }: ConditionInput): Omit<Finding, 'type'> {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const sidecars = new Set((pod.spec.initContainers ?? []).filter(isSidecar).map((container) => container.name));
  const counted = [...initStatuses.filter((status) => sidecars.has(status.name)), ...statuses];
  const unready = counted.filter((status) => !status.ready);
  if (unready.length === 0) return { status: 'True' };
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${named(unready)}]`,
  };
}

function podReadiness({ pod }: ConditionInput, containersReady: Omit<Finding, 'type'>): Omit<Finding, 'type'> {
  if (containersReady.status !== 'True') return containersReady;
  for (const { conditionType } of pod.spec.readinessGates ?? []) {
    const gate = pod.status?.conditions?.find((condition) => condition.type === conditionType);
    if (gate?.status === 'True') continue;
    const message =
      gate === undefined
        ? `corresponding condition of pod readiness gate "${conditionType}" does not exist.`
        : `the status of pod readiness gate "${conditionType}" is not "True", but ${gate.status}`;
    return { status: 'False', reason: 'ReadinessGatesNotReady', message };
  }
  return containersReady;
}

/** Adds times: `lastTransitionTime` moves only when `status` does. */
export function withTransitionTimes(
  findings: readonly Finding[],
  previous: readonly PodCondition[],
  now: string,
  generation: number | undefined,
): PodCondition[] {
  return findings.map((finding) => {
    const before = previous.find((condition) => condition.type === finding.type);
    const since = before?.status === finding.status ? before.lastTransitionTime : undefined;
    return {
      ...finding,
      lastProbeTime: null,
      lastTransitionTime: since ?? now,
      ...(generation === undefined ? {} : { observedGeneration: generation }),
    };
  });
}
