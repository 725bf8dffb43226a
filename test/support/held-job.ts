import { FINALIZER, KEYS } from '../../src/api/constants.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { ObjectRef } from '../../src/domain/target-ref.ts';

/** A Job that an action has made, as long as our finalizer holds it. */
export const heldJob = (
  name: string,
  { namespace, name: action, uid }: ObjectRef,
  finalizers: readonly string[] = [FINALIZER],
) =>
  ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      namespace,
      labels: { [KEYS.actionUid]: uid, [KEYS.actionName]: action },
      finalizers: [...finalizers],
      ownerReferences: [
        { apiVersion: 'kubeskippy.io/v1alpha1', kind: 'HealingAction', name: action, uid, controller: true },
      ],
    },
    spec: { template: { spec: { containers: [] } } },
  }) satisfies Omit<KubeObject, 'metadata'> & { readonly metadata: object; readonly spec: object };
