import type { KubeObject } from '../api/meta.ts';
import type {
  ControllerRevision,
  DaemonSet,
  Deployment,
  Pod,
  PodTemplateSpec,
  ReplicaSet,
  StatefulSet,
} from '../api/workloads.ts';
import { controllerOf } from '../domain/owner-chain.ts';
import { revisionKey, REVISION_HASH } from '../domain/revision-key.ts';
import type { ClusterReader } from '../ports/cluster.ts';
import { isPod } from './objects.ts';
import { authoredTemplate, templateDigest } from './pod-template.ts';
import { isLeaving, isReady, narrowing } from './pods-of-workload.ts';

/** What keeps its earlier pod templates. */
export type Revised = Deployment | StatefulSet | DaemonSet;

/** One pod template that a workload has had. */
export interface Revision {
  /** The object that keeps it. */
  readonly kind: string;
  readonly uid: string;
  readonly name: string;
  /** Counts up; going back to an earlier revision gives it a new number. */
  readonly number: number;
  /** As its author wrote it. */
  readonly template: PodTemplateSpec;
  readonly digest: string;
  /** Pods of it are serving now. */
  readonly available: boolean;
  /** By which policies remember that they have seen it good. */
  readonly key: string;
}

const NUMBER = 'deployment.kubernetes.io/revision';

const isReplicaSet = (object: KubeObject): object is ReplicaSet => object.kind === 'ReplicaSet';
const isControllerRevision = (object: KubeObject): object is ControllerRevision => object.kind === 'ControllerRevision';

/** The objects from which {@link revisionsOf} reads. */
export async function gatherRevisions(
  cluster: ClusterReader,
  target: Revised,
  namespace: string,
): Promise<readonly KubeObject[]> {
  const labels = narrowing(target);
  if (target.kind === 'Deployment')
    return cluster.list({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace }, labels);
  const lists = await Promise.all([
    cluster.list({ apiVersion: 'apps/v1', kind: 'ControllerRevision', namespace }, labels),
    cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace }, labels),
  ]);
  return lists.flat();
}

/** What is the target's own among what was gathered. */
const owned = (target: Revised, related: readonly KubeObject[]): KubeObject[] =>
  related.filter((object) => controllerOf(object)?.uid === target.metadata.uid);

/** The pods of a StatefulSet or DaemonSet. */
export const podsOf = (target: Revised, related: readonly KubeObject[]): Pod[] => owned(target, related).filter(isPod);

/** Whether a pod of a StatefulSet or DaemonSet was made from this revision. */
export const isOf = (pod: Pod, target: Revised, revisionName: string): boolean => {
  const mark = pod.metadata.labels?.[REVISION_HASH];
  return mark !== undefined && revisionKey(target.metadata, mark) === revisionKey(target.metadata, revisionName);
};

/** The kept revisions of a workload, newest first. */
export function revisionsOf(target: Revised, related: readonly KubeObject[]): Revision[] {
  const own = owned(target, related);
  const kept =
    target.kind === 'Deployment'
      ? own.filter(isReplicaSet).map(ofReplicaSet)
      : own
          .filter(isControllerRevision)
          .flatMap((revision) => ofControllerRevision(revision, target, own.filter(isPod)));
  return kept.sort((a, b) => b.number - a.number);
}

function ofReplicaSet(set: ReplicaSet): Revision {
  const { uid, name, annotations } = set.metadata;
  return {
    ...read('ReplicaSet', set.spec.template),
    uid,
    name,
    number: Number(annotations?.[NUMBER] ?? '0'),
    available: (set.status?.availableReplicas ?? 0) > 0,
    key: uid,
  };
}

/** None when it keeps no template, as a revision of something else would. */
function ofControllerRevision(
  { metadata, revision, data }: ControllerRevision,
  target: Revised,
  pods: readonly Pod[],
): Revision[] {
  const template = data.spec?.template;
  if (template === undefined) return [];
  const own = pods.filter((pod) => isOf(pod, target, metadata.name));
  return [
    {
      ...read('ControllerRevision', template),
      uid: metadata.uid,
      name: metadata.name,
      number: revision,
      available: own.some((pod) => isReady(pod) && !isLeaving(pod)),
      key: revisionKey(target.metadata, metadata.name),
    },
  ];
}

const read = (kind: string, template: PodTemplateSpec): Pick<Revision, 'kind' | 'template' | 'digest'> => ({
  kind,
  template: authoredTemplate(template),
  digest: templateDigest(template),
});
