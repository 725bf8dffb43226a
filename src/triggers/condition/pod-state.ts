import type { Pod } from '../../api/workloads.ts';
import { historyOf, type ContainerHistory } from './container-history.ts';
import { crashLoop } from './crash-loop.ts';
import { anyOf, timeOf, type Fact } from './fact.ts';
import { oomKilled } from './oom-killed.ts';
import { waitingFor, WAITING_REASONS } from './waiting.ts';

type ContainerFact = (container: ContainerHistory, pod: Pod) => Fact;

/** States of a container, by the name under which a trigger asks for them. Any other name is a condition of the object. */
const CONTAINER_STATES: ReadonlyMap<string, ContainerFact> = new Map<string, ContainerFact>([
  ['CrashLoopBackOff', crashLoop],
  ['OOMKilled', oomKilled],
  ...Object.entries(WAITING_REASONS).map(([type, reasons]): [string, ContainerFact] => [
    type,
    (container, pod) => waitingFor(container, reasons, notReadySince(pod)),
  ]),
]);

export const isContainerState = (type: string): boolean => CONTAINER_STATES.has(type);

/** Whether any container of the Pod, init containers included, is in the state. */
export function containerState(type: string, pod: Pod, now: number): Fact {
  const ask = CONTAINER_STATES.get(type);
  if (ask === undefined) throw new TypeError(`${type} is not a state of a container`);
  const { status } = pod;
  if (status?.phase === undefined || status.phase === 'Unknown')
    return { known: false, evidence: 'the node does not report on the Pod' };
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const facts = containers.map((container) => ask(historyOf(container, now), pod));
  return anyOf(facts, facts.length === 0 ? 'no container has been started' : `no container is in state ${type}`);
}

function notReadySince(pod: Pod): number | undefined {
  const conditions = pod.status?.conditions ?? [];
  const condition =
    conditions.find(({ type }) => type === 'ContainersReady') ?? conditions.find(({ type }) => type === 'Ready');
  return condition?.status === 'False' ? timeOf(condition.lastTransitionTime) : undefined;
}
