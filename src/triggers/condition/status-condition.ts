import type { KubeObject } from '../../api/meta.ts';
import type { StatusCondition } from '../../api/workloads.ts';
import { no, timeOf, type ConditionStatus, type Fact } from './fact.ts';

interface WithConditions extends KubeObject {
  readonly status?: {
    readonly observedGeneration?: number;
    readonly phase?: string;
    readonly conditions?: readonly StatusCondition[];
  };
}

const POD = ['Pod'];

/** The conditions that Kubernetes itself writes: where, and which are there only while they are True. */
const STANDARD: ReadonlyMap<string, { readonly kinds: readonly string[]; readonly onlyWhileTrue?: true }> = new Map([
  ['PodScheduled', { kinds: POD }],
  ['PodReadyToStartContainers', { kinds: POD }],
  ['Initialized', { kinds: POD }],
  ['ContainersReady', { kinds: POD }],
  ['Ready', { kinds: POD }],
  ['DisruptionTarget', { kinds: POD, onlyWhileTrue: true }],
  ['PodResizePending', { kinds: POD, onlyWhileTrue: true }],
  ['PodResizeInProgress', { kinds: POD, onlyWhileTrue: true }],
  ['Available', { kinds: ['Deployment'] }],
  ['Progressing', { kinds: ['Deployment'] }],
  ['ReplicaFailure', { kinds: ['Deployment', 'ReplicaSet'], onlyWhileTrue: true }],
]);

/** Whether objects of this kind may have the condition. One that is not Kubernetes' own may be anywhere. */
export const mayHaveCondition = (type: string, kind: string): boolean =>
  STANDARD.get(type)?.kinds.includes(kind) ?? true;

/** A condition in `status.conditions`. A status that was not written yet, or for an older spec, says nothing. */
export function statusCondition(type: string, object: WithConditions): Fact {
  const kind = object.kind ?? 'the object';
  const { generation } = object.metadata;
  const { observedGeneration, phase, conditions } = object.status ?? {};
  if (generation !== undefined && observedGeneration !== undefined && observedGeneration < generation)
    return {
      known: false,
      evidence: `the status of ${kind} is for generation ${observedGeneration}, not ${generation}`,
    };
  const condition = conditions?.find((candidate) => candidate.type === type);
  if (condition === undefined) {
    const evidence = `${kind} has no condition ${type}`;
    const written = observedGeneration !== undefined || phase !== undefined;
    return written && STANDARD.get(type)?.onlyWhileTrue === true ? no(evidence) : { known: false, evidence };
  }
  if (!isConditionStatus(condition.status))
    return { known: false, evidence: `condition ${type} has status ${condition.status}` };
  const changedAt = timeOf(condition.lastTransitionTime);
  const details = [condition.reason, condition.message].filter((part) => part !== undefined && part !== '');
  return {
    known: true,
    value: condition.status,
    since: changedAt === undefined ? {} : { exact: changedAt },
    evidence: [`${type} is ${condition.status}`, ...details].join(': '),
  };
}

const isConditionStatus = (status: string): status is ConditionStatus =>
  status === 'True' || status === 'False' || status === 'Unknown';
