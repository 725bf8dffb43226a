import type { Pod } from '../src/api/workloads.ts';
import type { EvidenceItem, Plan } from '../src/api/healing-action.ts';
import { controlledPods, listPods } from '../src/actions/pods-of-workload.ts';
import { isWorkload, restartsByPod, rolloutCounts, wantedReplicas, type Workload } from '../src/domain/health.ts';
import type { Baseline } from '../src/domain/steps.ts';
import type { TargetRef } from '../src/domain/target-ref.ts';
import type { ClusterReader } from '../src/ports/cluster.ts';
import { neighbourLines, neighboursFrom } from './neighbours.ts';

/** The workload whose health shows whether a healing helped: the target, or for a pod its outermost controller. */
export interface WorkloadView {
  readonly workload: Workload;
  /** Its pods, those being deleted included. */
  readonly pods: readonly Pod[];
}

/** For a pod that is gone the plan remembers what controlled it. */
export function healthSubject({ target, parameters }: Plan): TargetRef {
  const { workloadApiVersion, workloadKind, workloadName, workloadUid } = parameters ?? {};
  return workloadApiVersion === undefined ||
    workloadKind === undefined ||
    workloadName === undefined ||
    workloadUid === undefined
    ? target
    : {
        apiVersion: workloadApiVersion,
        kind: workloadKind,
        namespace: target.namespace,
        name: workloadName,
        uid: workloadUid,
      };
}

/**
 * Undefined when the workload is gone, another has its name now, or it is of a kind whose health is not known. `quick`: the
 * pods are no older than the workload itself, which is enough for what was before an effect, but not for a proof.
 */
export async function viewWorkload(
  cluster: ClusterReader,
  subject: TargetRef,
  options: { readonly quick?: boolean } = {},
): Promise<WorkloadView | undefined> {
  const workload = await cluster.get(subject);
  if (workload?.metadata.uid !== subject.uid || !isWorkload(workload)) return undefined;
  return { workload, pods: controlledPods(workload, await listPods(cluster, workload, options)) };
}

/** What the workload is like just before the effect. */
export function baselineOf(view: WorkloadView | undefined): Baseline {
  if (view === undefined) return { generation: 0, available: 0, restarts: {} };
  const desired = wantedReplicas(view.workload);
  return {
    generation: view.workload.metadata.generation ?? 0,
    available: rolloutCounts(view.workload).available,
    ...(desired === undefined ? {} : { desired }),
    restarts: restartsByPod(view.pods),
  };
}

const GENERATION = 'generation';
const AVAILABLE = 'available replicas';
const RESTARTS = 'restarts by pod';
const NEIGHBOURS = 'neighbours that are well';
const MEASURED = 'measurements';
/** Of 256 characters, with counts of up to five digits; five such items are left of the ten that the schema allows. */
const PODS_PER_ITEM = 12;

/** The baseline as evidence in the action's status, from which a later life reads it back. */
export function toEvidence(baseline: Baseline, subject: string, time: string): EvidenceItem[] {
  const restarts = Object.entries(baseline.restarts).map(([pod, count]) => `${pod}=${count}`);
  const lines = Array.from({ length: Math.ceil(restarts.length / PODS_PER_ITEM) }, (_, index) =>
    restarts.slice(index * PODS_PER_ITEM, (index + 1) * PODS_PER_ITEM).join(' '),
  );
  return [
    { subject, check: GENERATION, value: String(baseline.generation), time },
    { subject, check: AVAILABLE, value: counted(baseline), time },
    ...lines.map((value) => ({ subject, check: RESTARTS, value, time })),
    ...neighbourLines(baseline.neighbours).map((value) => ({ subject, check: NEIGHBOURS, value, time })),
    ...(baseline.measured === undefined ? [] : [{ subject, check: MEASURED, value: baseline.measured, time }]),
  ];
}

const counted = ({ available, desired }: Baseline): string =>
  desired === undefined ? String(available) : `${available} of ${desired}`;

export function fromEvidence(items: readonly EvidenceItem[] | undefined): Baseline {
  const values = (check: string): string[] =>
    (items ?? []).filter((item) => item.check === check).map(({ value }) => value);
  const [available = '0', desired] = (values(AVAILABLE)[0] ?? '').split(' of ');
  const restarts = values(RESTARTS)
    .flatMap((value) => value.split(' '))
    .map((entry) => entry.split('=') as [string, string])
    .map(([pod, count]) => [pod, Number(count)] as const);
  const neighbours = neighboursFrom(values(NEIGHBOURS));
  const [measured] = values(MEASURED);
  return {
    generation: Number(values(GENERATION)[0] ?? 0),
    available: Number(available),
    ...(desired === undefined ? {} : { desired: Number(desired) }),
    restarts: Object.fromEntries(restarts),
    ...(neighbours === undefined ? {} : { neighbours }),
    ...(measured === undefined ? {} : { measured }),
  };
}
