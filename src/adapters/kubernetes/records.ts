import { API_VERSION, FINALIZER, KEYS } from '../../api/constants.ts';
import type { HealingAction, HealingActionStatus } from '../../api/healing-action.ts';
import type { HealingPolicy, HealingPolicyStatus } from '../../api/healing-policy.ts';
import type { Bounds } from '../../api/bounds.ts';
import type { KubeObject } from '../../api/meta.ts';
import { healingActionStatusBounds, healingPolicyStatusBounds } from '../../api/status-bounds.ts';
import type { ObjectRef } from '../../domain/target-ref.ts';
import { canonical } from '../../domain/canonical.ts';
import { withinBounds } from '../../domain/within-bounds.ts';
import { StepError } from '../../errors.ts';
import type { ActionRecords, NamedRecord, PolicyRecords } from '../../ports/records.ts';
import type { KubeClient } from './kube-client.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { resources, type Resource } from './resource.ts';
import { toStepError } from './step-error.ts';
import { labelValue } from '../../api/label-value.ts';

const MAX_RACES = 20;

/** HealingActions in the API server. Every write names the version it was made from. */
export function createActionRecords(client: KubeClient): ActionRecords {
  const read = (ref: NamedRecord): Promise<HealingAction | undefined> =>
    readNamed<HealingAction>(client, resources.healingActions, ref);
  return {
    read,

    list: (of) =>
      attempted(async () => {
        const { items } = await client.list<HealingAction>(resources.healingActions, {
          ...(of === undefined ? {} : { namespace: of.namespace }),
          ...(of?.policy === undefined ? {} : { labelSelector: `${KEYS.policyName}=${labelValue(of.policy)}` }),
        });
        return items;
      }),

    create: ({ namespace, name, labels, annotations, spec }) =>
      attempted(async () => {
        const body = {
          apiVersion: API_VERSION,
          kind: 'HealingAction',
          metadata: { name, namespace, labels, annotations },
          spec,
        };
        try {
          return await client.create<HealingAction>(resources.healingActions, { namespace }, body);
        } catch (error) {
          if (!isKubeError(error, 'AlreadyExists')) throw error;
          return client.get<HealingAction>(resources.healingActions, { namespace, name });
        }
      }),

    update: (from, change) =>
      updateStatus<HealingAction, HealingActionStatus>(
        client,
        resources.healingActions,
        from,
        healingActionStatusBounds,
        change,
      ),

    hold: (action) =>
      attempted(async () => {
        const { namespace = '', name, uid, resourceVersion, finalizers = [] } = action.metadata;
        if (finalizers.includes(FINALIZER)) return action;
        try {
          return await client.patch<HealingAction>(resources.healingActions, { namespace, name }, 'merge', {
            metadata: { uid, resourceVersion, finalizers: [...finalizers, FINALIZER] },
          });
        } catch (error) {
          if (isKubeError(error, 'NotFound')) return 'gone';
          if (error instanceof KubeError && (error.status === 409 || error.status === 422)) return 'conflict';
          throw error;
        }
      }),

    remove: ({ namespace, name, uid }, resourceVersion) =>
      attempted(async () => {
        try {
          await client.delete(
            resources.healingActions,
            { namespace, name },
            { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid, resourceVersion } },
          );
          return 'removed';
        } catch (error) {
          if (error instanceof KubeError && (error.status === 409 || error.status === 404)) return 'changed';
          throw error;
        }
      }),

    release: (ref) =>
      raced(async () => {
        const action = await read(ref);
        const { finalizers = [], resourceVersion, uid } = action?.metadata ?? {};
        if (!finalizers.includes(FINALIZER)) return;
        await client.patch(resources.healingActions, ref, 'merge', {
          metadata: { uid, resourceVersion, finalizers: finalizers.filter((finalizer) => finalizer !== FINALIZER) },
        });
      }),
  };
}

/** HealingPolicies in the API server. */
export const createPolicyRecords = (client: KubeClient): PolicyRecords => ({
  read: (ref) => readNamed<HealingPolicy>(client, resources.healingPolicies, ref),
  update: (ref, change) =>
    updateStatus<HealingPolicy, HealingPolicyStatus>(
      client,
      resources.healingPolicies,
      ref,
      healingPolicyStatusBounds,
      change,
    ),
});

async function readNamed<T extends KubeObject>(
  client: KubeClient,
  resource: Resource,
  { namespace, name, uid }: NamedRecord,
): Promise<T | undefined> {
  return attempted(async () => {
    const found = await client.find<T>(resource, { namespace, name });
    return uid === undefined || found?.metadata.uid === uid ? found : undefined;
  });
}

/** Read, change, write at the version that was read; again when somebody else wrote in between. */
async function updateStatus<T extends KubeObject & { readonly status?: S }, S>(
  client: KubeClient,
  resource: Resource,
  from: ObjectRef | T,
  bounds: Bounds,
  change: (object: T) => S | undefined,
): Promise<T | undefined> {
  const ref = 'metadata' in from ? { ...from.metadata, namespace: from.metadata.namespace ?? '' } : from;
  let known = 'metadata' in from ? from : undefined;
  return raced(async () => {
    const fresh = known === undefined;
    const object = known ?? (await readNamed<T>(client, resource, ref));
    known = undefined; // whoever lost a race looks again
    if (object === undefined) return undefined;
    const changed = change(object);
    if (changed === undefined) return object;
    const status = withinBounds(changed, bounds);
    // Who waits says the same over and over. But an old copy may have become wrong: only the write can tell.
    if (fresh && canonical(status) === canonical(object.status)) return object;
    try {
      return await client.replace<T>(
        resource,
        { namespace: ref.namespace, name: ref.name, subresource: 'status' },
        { ...object, status },
      );
    } catch (error) {
      if (isKubeError(error, 'NotFound')) return undefined;
      throw error;
    }
  });
}

async function raced<T>(write: () => Promise<T>): Promise<T> {
  for (let races = 1; ; races++) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (error.status !== 409) throw toStepError(error);
      if (races === MAX_RACES)
        throw new StepError('Unavailable', `${error.message} (${MAX_RACES} times in a row)`, { cause: error });
    }
  }
}

async function attempted<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw toStepError(error);
  }
}
