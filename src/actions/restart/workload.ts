import type { KubeObject } from '../../api/meta.ts';
import type { DaemonSet, Deployment, Pod, StatefulSet } from '../../api/workloads.ts';
import { describeTarget } from '../../domain/target-ref.ts';

/** What can be restarted as a whole. */
export type Workload = Deployment | StatefulSet | DaemonSet;
export type Restartable = Workload | Pod;

export const isPod = (object: KubeObject): object is Pod => object.kind === 'Pod';
export const isDeployment = (object: KubeObject): object is Deployment => object.kind === 'Deployment';
export const isStatefulSet = (object: KubeObject): object is StatefulSet => object.kind === 'StatefulSet';

/** For people. */
export const named = (object: KubeObject): string =>
  describeTarget({ kind: object.kind ?? '', namespace: object.metadata.namespace ?? '', name: object.metadata.name });
