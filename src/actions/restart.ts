import type { KubeObject } from '../api/meta.ts';
import type { DaemonSet, Deployment, Pod, StatefulSet } from '../api/workloads.ts';
import { isWorkload } from '../domain/health.ts';
import { pointer, setInMap, testInMap, type JsonPatchOperation } from '../domain/json-patch.ts';
import { controllerOf } from '../domain/owner-chain.ts';
import { describeTarget } from '../domain/target-ref.ts';
import type { ClusterReader } from '../ports/cluster.ts';
import { defineAction, type PlanInput, type PlanResult } from './define-action.ts';
import { guardedPatch } from './guarded-patch.ts';
import { templateDigest } from './pod-template.ts';

type Workload = Deployment | StatefulSet | DaemonSet;
type Restartable = Workload | Pod;

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
const TEMPLATE_ANNOTATIONS = ['spec', 'template', 'metadata', 'annotations'];

const restartedAtOf = ({ spec }: Workload): string | undefined => spec.template.metadata?.annotations?.[RESTARTED_AT];
const isPod = (target: KubeObject): target is Pod => target.kind === 'Pod';
const named = (target: KubeObject): string =>
  describeTarget({ kind: target.kind ?? '', namespace: target.metadata.namespace ?? '', name: target.metadata.name });

/** Pod, ReplicaSet, Deployment: whoever makes the replacement is whose health shows whether it helped. */
async function controllers(cluster: ClusterReader, pod: Pod): Promise<readonly KubeObject[]> {
  const found: KubeObject[] = [];
  for (let next = controllerOf(pod); next !== undefined && found.length < 3;) {
    const owner = await cluster.get({ ...next, namespace: pod.metadata.namespace ?? '' });
    if (owner?.metadata.uid !== next.uid) break;
    found.push(owner);
    next = controllerOf(owner);
  }
  return found;
}

function planPod(pod: Pod, { template, related }: PlanInput<Restartable>): PlanResult {
  const workload = related.at(-1);
  if (workload === undefined)
    return { result: 'refused', message: `${named(pod)} has no controller: nothing would create it again` };
  if (!isWorkload(workload))
    return {
      result: 'refused',
      message: `${named(pod)} belongs to ${workload.kind ?? ''} ${workload.metadata.name}: whether a restart helps such a pod cannot be told`,
    };
  const grace = template.restartAction?.gracePeriodSeconds;
  return {
    result: 'planned',
    parameters: {
      workloadApiVersion: workload.apiVersion ?? '',
      workloadKind: workload.kind ?? '',
      workloadName: workload.metadata.name,
      workloadUid: workload.metadata.uid,
      ...(grace === undefined ? {} : { gracePeriodSeconds: String(grace) }),
    },
    summary: `evict ${named(pod)}, so that its controller creates it again`,
  };
}

function planWorkload(workload: Workload, { stamp }: PlanInput<Restartable>): PlanResult {
  const refused = (message: string): PlanResult => ({ result: 'refused', message: `${named(workload)} ${message}` });
  if ('paused' in workload.spec && workload.spec.paused)
    return refused('is paused: a restart would not roll out; resume it first');
  const strategy = 'updateStrategy' in workload.spec ? workload.spec.updateStrategy.type : undefined;
  if (strategy === 'OnDelete') return refused('has update strategy OnDelete: a restart would not roll out');
  // Two plans of one moment: the second would change nothing, and nothing would roll out.
  const taken = restartedAtOf(workload) === stamp;
  const restartedAt = taken ? new Date(Date.parse(stamp) + 1).toISOString() : stamp;
  return {
    result: 'planned',
    parameters: { restartedAt },
    summary: `restart ${named(workload)}, pod by pod as its update strategy says`,
  };
}

/** Rolling restart of a workload (its pod template gets a new stamp), or eviction of one pod. Cannot be taken back. */
export const restart = defineAction<Restartable>({
  type: 'restart',
  kinds: [
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { apiVersion: 'apps/v1', kind: 'StatefulSet' },
    { apiVersion: 'apps/v1', kind: 'DaemonSet' },
    { apiVersion: 'v1', kind: 'Pod' },
  ],
  reversible: false,
  looksBack: false,

  gather: (cluster, { target }) =>
    target !== undefined && isPod(target) ? controllers(cluster, target) : Promise.resolve([]),

  plan: (input) => (isPod(input.target) ? planPod(input.target, input) : planWorkload(input.target, input)),

  execute({ target, parameters, marker }) {
    if (isPod(target)) {
      const grace = parameters['gracePeriodSeconds'];
      return {
        result: 'effect',
        claim: guardedPatch(target, marker, []),
        write: {
          type: 'evict',
          target: {
            apiVersion: 'v1',
            kind: 'Pod',
            namespace: target.metadata.namespace ?? '',
            name: target.metadata.name,
          },
          uid: target.metadata.uid,
          ...(grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
        },
        changes: [{ field: 'pod', oldValue: target.metadata.uid, newValue: 'evicted' }],
      };
    }
    const stamp = parameters['restartedAt'] ?? '';
    const metadata = target.spec.template.metadata;
    const annotations = metadata?.annotations;
    if (restartedAtOf(target) === stamp)
      return { result: 'drifted', message: 'another restart has the same time stamp' };
    const change: JsonPatchOperation[] =
      metadata === undefined
        ? [
            { op: 'test', path: pointer('spec', 'template', 'metadata'), value: null },
            {
              op: 'add',
              path: pointer('spec', 'template', 'metadata'),
              value: { annotations: { [RESTARTED_AT]: stamp } },
            },
          ]
        : [
            ...(annotations === undefined ? [] : testInMap(annotations, TEMPLATE_ANNOTATIONS, RESTARTED_AT)),
            ...setInMap(annotations, TEMPLATE_ANNOTATIONS, RESTARTED_AT, stamp),
          ];
    return {
      result: 'effect',
      write: guardedPatch(target, marker, change),
      changes: [
        {
          field: `spec.template.metadata.annotations[${RESTARTED_AT}]`,
          oldValue: annotations?.[RESTARTED_AT] ?? '',
          newValue: stamp,
        },
      ],
    };
  },

  inverse: () => undefined,

  baseline: (target) => (isPod(target) ? target.metadata.uid : templateDigest(target.spec.template)),

  confirm({ target, uid, parameters }) {
    // Of a pod it is wanted that it goes; with a workload the proof of its restart is gone as well.
    if (target?.metadata.uid !== uid) return 'workloadName' in parameters ? 'applied' : 'not-applied';
    if (isPod(target)) return target.metadata.deletionTimestamp === undefined ? 'not-applied' : 'applied';
    return restartedAtOf(target) === parameters['restartedAt'] ? 'applied' : 'not-applied';
  },
});
