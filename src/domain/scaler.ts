import type { KubeObject } from '../api/meta.ts';
import type { HorizontalPodAutoscaler } from '../api/workloads.ts';

const groupOf = (apiVersion: string | undefined): string =>
  apiVersion?.includes('/') === true ? (apiVersion.split('/')[0] ?? '') : '';

const isAutoscaler = (object: KubeObject): object is HorizontalPodAutoscaler =>
  object.kind === 'HorizontalPodAutoscaler';

/** The HorizontalPodAutoscaler among these objects that sets the number of replicas of the target. */
export const autoscalerOf = (target: KubeObject, objects: readonly KubeObject[]): HorizontalPodAutoscaler | undefined =>
  objects.filter(isAutoscaler).find(({ metadata, spec: { scaleTargetRef } }) => {
    const { apiVersion, kind, name } = scaleTargetRef;
    return (
      metadata.namespace === target.metadata.namespace &&
      kind === target.kind &&
      name === target.metadata.name &&
      groupOf(apiVersion) === groupOf(target.apiVersion)
    );
  });

/** Of the autoscaler that lives in there the object itself is the proof; its traces outlast it. */
const KUBERNETES = 'kube-controller-manager';
/** `kubectl`, `kubectl-patch`, …: what a person does once. */
const BY_HAND = /^kubectl(-|$)/;

/** Who else sets `spec.replicas` through the `scale` subresource, as programs that scale do. */
export const otherScaler = ({ metadata }: KubeObject): string | undefined =>
  metadata.managedFields?.find(
    ({ manager = '', subresource, fieldsV1 }) =>
      subresource === 'scale' &&
      fieldsV1?.['f:spec']?.['f:replicas'] !== undefined &&
      manager !== KUBERNETES &&
      !BY_HAND.test(manager),
  )?.manager;
