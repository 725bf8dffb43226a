import type { KubeObject } from '../../api/meta.ts';
import type { DaemonSet, Deployment, Pod, StatefulSet } from '../../api/workloads.ts';

/** What can be restarted as a whole. */
export type Workload = Deployment | StatefulSet | DaemonSet;
export type Restartable = Workload | Pod;

export const isDeployment = (object: KubeObject): object is Deployment => object.kind === 'Deployment';
export const isStatefulSet = (object: KubeObject): object is StatefulSet => object.kind === 'StatefulSet';
