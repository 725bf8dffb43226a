import { API_VERSION, FINALIZER, KEYS, MANAGED_BY, markerKey } from '../../api/constants.ts';
import { labelValue } from '../../api/label-value.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Container, Job, Pod, PodTemplateSpec } from '../../api/workloads.ts';
import type { TargetRef } from '../../domain/target-ref.ts';
import type { NewObject } from '../../ports/cluster.ts';
import type { Marker, Parameters } from '../define-action.ts';

/** By this name of its only container a tombstone is recognised: a Job's template cannot be changed. */
export const TOMBSTONE = 'kubeskippy-fence';
const JOB = { apiVersion: 'batch/v1', kind: 'Job' };

export const actionUidOf = ({ key }: Marker): string => key.slice(markerKey('').length);
/** The name is the lock: of action, try, and template, for a plan that was given up keeps the name that it had. */
export const jobRef = (namespace: string, { podTemplateDigest = '' }: Parameters, marker: Marker) => ({
  ...JOB,
  namespace,
  name: `ks-${actionUidOf(marker)}-${marker.value.slice(marker.value.lastIndexOf('-') + 1)}-${podTemplateDigest.slice(0, 8)}`,
});

export const isJob = (object: KubeObject): object is Job => object.kind === 'Job';
export const isTombstone = ({ spec }: Job): boolean => spec.template.spec.containers[0]?.name === TOMBSTONE;
/** By what nobody can change: the labels of its template. */
export const isOurs = ({ spec }: Job, marker: Marker): boolean =>
  spec.template.metadata?.labels?.[KEYS.actionUid] === actionUidOf(marker);
/** Pods of an action's Jobs, whether or not the Job is still there. */
export const podSelector = (marker: Marker): string => `${KEYS.actionUid}=${actionUidOf(marker)}`;
export const isPodOf = (object: KubeObject, marker: Marker): object is Pod =>
  object.kind === 'Pod' && object.metadata.labels?.[KEYS.actionUid] === actionUidOf(marker);

type NewJob = NewObject & { readonly spec: unknown };

/**
 * The Job that runs the template once for the target: no second pod after a failed one, and held by our finalizer until
 * its result is recorded, so that it cannot be created again under its name.
 */
export const jobFor = (
  template: PodTemplateSpec,
  target: TargetRef,
  parameters: Parameters,
  marker: Marker,
): NewJob => {
  const { action = '', activeDeadlineSeconds } = parameters;
  const env = [
    { name: 'KUBESKIPPY_ACTION', value: action },
    { name: 'KUBESKIPPY_TARGET_KIND', value: target.kind },
    { name: 'KUBESKIPPY_TARGET_NAMESPACE', value: target.namespace },
    { name: 'KUBESKIPPY_TARGET_NAME', value: target.name },
    { name: 'KUBESKIPPY_TARGET_UID', value: target.uid },
  ];
  const told = (container: Container): Container => ({
    ...container,
    // First, so that others may refer to them; and ours, whatever the template says.
    env: [...env, ...(container.env ?? []).filter(({ name }) => env.every((ours) => ours.name !== name))],
  });
  const { containers, initContainers, automountServiceAccountToken = false, ...spec } = template.spec;
  return {
    ...JOB,
    metadata: { ...metadata(target.namespace, parameters, marker), finalizers: [FINALIZER] },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: Number(activeDeadlineSeconds),
      template: {
        metadata: {
          ...(template.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
          // Protected: a healing is not itself an object of healing.
          labels: { ...template.metadata?.labels, [KEYS.actionUid]: actionUidOf(marker), [KEYS.protected]: 'true' },
        },
        spec: {
          ...spec,
          containers: containers.map(told),
          ...(initContainers === undefined ? {} : { initContainers: initContainers.map(told) }),
          automountServiceAccountToken,
          restartPolicy: 'Never',
        },
      },
    },
  };
};

/** A Job that never runs and only takes the name. */
export const tombstoneFor = (namespace: string, parameters: Parameters, marker: Marker): NewJob => ({
  ...JOB,
  metadata: metadata(namespace, parameters, marker),
  spec: {
    suspend: true,
    backoffLimit: 0,
    template: {
      spec: { restartPolicy: 'Never', containers: [{ name: TOMBSTONE, image: 'kubeskippy.local/never-runs' }] },
    },
  },
});

/** It goes with its action, and not before: the action is held until the result is recorded. */
const metadata = (namespace: string, parameters: Parameters, marker: Marker) => ({
  name: jobRef(namespace, parameters, marker).name,
  namespace,
  labels: {
    [KEYS.managedBy]: MANAGED_BY,
    [KEYS.actionName]: labelValue(parameters['action'] ?? ''),
    [KEYS.actionType]: 'custom',
    [KEYS.actionUid]: actionUidOf(marker),
  },
  annotations: { [marker.key]: marker.value },
  ownerReferences: [
    {
      apiVersion: API_VERSION,
      kind: 'HealingAction',
      name: parameters['action'] ?? '',
      uid: actionUidOf(marker),
      controller: true,
    },
  ],
});
