import { readCrds } from '../../scripts/read-crds.ts';
import { compileCrd, describeErrors } from '../../src/adapters/kubernetes/crd-schema.ts';
import { API_VERSION, FINALIZER, KEYS } from '../../src/api/constants.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import type { HealingPolicy } from '../../src/api/healing-policy.ts';
import { labelValue } from '../../src/api/label-value.ts';
import { healingActionStatusBounds, healingPolicyStatusBounds } from '../../src/api/status-bounds.ts';
import { derivePhase, isTerminal } from '../../src/domain/outcome.ts';
import { withinBounds } from '../../src/domain/within-bounds.ts';
import { StepError } from '../../src/errors.ts';
import type { ActionRecords, NamedRecord, PolicyRecords } from '../../src/ports/records.ts';
import { Refusal, type MemoryApiServer, type Raw } from './memory-api-server.ts';

const validators = new Map((await readCrds('crds')).map(({ kind, schema }) => [kind, compileCrd(schema)]));

/** The object with its defaults, or the refusal of the API server. */
function admitted<T extends object>(object: T & { readonly kind: string }): T {
  const copy = structuredClone(object);
  const validate = validators.get(object.kind);
  if (validate?.(copy) === true) return copy;
  throw new StepError('Invalid', describeErrors(validate?.errors).join('; '));
}

const at = (kind: string, { namespace, name }: { readonly namespace: string; readonly name: string }) => ({
  apiVersion: API_VERSION,
  kind,
  namespace,
  name,
});

/** HealingActions of an API server in memory, held to their CRD as the real one holds them. */
export function memoryActions(api: MemoryApiServer): ActionRecords {
  const find = (ref: NamedRecord): HealingAction | undefined => {
    const found = api.find(at('HealingAction', ref)) as HealingAction | undefined;
    return ref.uid === undefined || found?.metadata.uid === ref.uid ? found : undefined;
  };
  return {
    read: async (ref) => find(ref),
    list: async (of) =>
      api.list(
        'HealingAction',
        of?.namespace,
        of?.policy === undefined ? {} : { [KEYS.policyName]: labelValue(of.policy) },
      ) as HealingAction[],
    create: async ({ namespace, name, labels, annotations, spec }) => {
      const existing = api.find(at('HealingAction', { namespace, name })) as HealingAction | undefined;
      return existing ?? createAction(api, { namespace, name, labels, annotations }, spec);
    },
    update: async (from, change) => {
      let known = 'metadata' in from ? from : undefined;
      const ref = 'metadata' in from ? { ...from.metadata, namespace: from.metadata.namespace ?? '' } : from;
      for (;;) {
        const action = known ?? find(ref);
        known = undefined;
        if (action === undefined || find(ref) === undefined) return undefined;
        const changed = change(action);
        if (changed === undefined) return action;
        const status = withinBounds(changed, healingActionStatusBounds);
        const object = admitted({ ...action, status });
        if (isTerminal(action.status?.conditions) && derivePhase(status.conditions) !== action.status?.phase)
          throw new StepError('Invalid', 'a finished HealingAction stays as it ended');
        try {
          return api.replace(object) as HealingAction;
        } catch (error) {
          if (!(error instanceof Refusal) || error.status !== 409) throw error;
        }
      }
    },
    hold: async (action) => {
      const { finalizers = [], deletionTimestamp } = action.metadata;
      if (finalizers.includes(FINALIZER)) return action;
      if (find({ ...action.metadata, namespace: action.metadata.namespace ?? '' }) === undefined) return 'gone';
      if (deletionTimestamp !== undefined) return 'conflict'; // no new finalizers on what is being deleted
      try {
        const metadata = { ...action.metadata, finalizers: [...finalizers, FINALIZER] };
        return api.replace({ ...action, metadata }) as HealingAction;
      } catch (error) {
        if (error instanceof Refusal) return 'conflict';
        throw error;
      }
    },
    remove: async (ref, resourceVersion) => {
      if (find(ref)?.metadata.resourceVersion !== resourceVersion) return 'changed';
      api.delete(at('HealingAction', ref));
      return 'removed';
    },
    release: async (ref) => {
      if (find(ref) === undefined) return;
      api.edit(at('HealingAction', ref), (object) => ({
        ...object,
        metadata: {
          ...object.metadata,
          finalizers: (object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER),
        },
      }));
    },
  };
}

export function memoryPolicies(api: MemoryApiServer): PolicyRecords {
  const find = (ref: NamedRecord) => {
    const found = api.find(at('HealingPolicy', ref)) as HealingPolicy | undefined;
    return ref.uid === undefined || found?.metadata.uid === ref.uid ? found : undefined;
  };
  return {
    read: async (ref) => find(ref),
    update: async (ref, change) => {
      const policy = find(ref);
      const status = policy === undefined ? undefined : change(policy);
      if (policy === undefined || status === undefined) return policy;
      return api.replace(
        admitted({ ...policy, status: withinBounds(status, healingPolicyStatusBounds) }),
      ) as HealingPolicy;
    },
  };
}

export const createAction = (
  api: MemoryApiServer,
  metadata: Pick<Raw['metadata'], 'name' | 'namespace' | 'labels' | 'annotations'>,
  spec: HealingAction['spec'],
): HealingAction =>
  api.create(admitted({ apiVersion: API_VERSION, kind: 'HealingAction', metadata, spec })) as HealingAction;

export const createPolicy = (
  api: MemoryApiServer,
  metadata: Pick<Raw['metadata'], 'name' | 'namespace'>,
  spec: HealingPolicy['spec'],
): HealingPolicy =>
  api.create(admitted({ apiVersion: API_VERSION, kind: 'HealingPolicy', metadata, spec })) as HealingPolicy;
