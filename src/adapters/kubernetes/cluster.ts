import type { KubeObject } from '../../api/meta.ts';
import type { ClusterPort, Write, WriteOptions, WriteResult } from '../../ports/cluster.ts';
import { StepError } from '../../errors.ts';
import type { KubeClient } from './kube-client.ts';
import { isKubeError, KubeError } from './kube-error.ts';
import { apiVersionOf, resourceOf, resources, type Resource } from './resource.ts';
import { toStepError } from './step-error.ts';

/** A PodDisruptionBudget gives no hint when it will allow more: kubectl drain asks every five seconds. */
const BUDGET_RETRY_MS = 5_000;
const TWO_BUDGETS = 'more than one PodDisruptionBudget';
/** No write is begun with less than this left, and none waits longer than this for its answer. */
const MIN_LEFT_MS = 1_000;
const MAX_WRITE_MS = 10_000;

/** The live cluster through the API server. */
export function createCluster(client: KubeClient): ClusterPort {
  return {
    async get<T extends KubeObject>(ref: { apiVersion: string; kind: string; namespace: string; name: string }) {
      const resource = resourceOf(ref.apiVersion, ref.kind);
      if (resource === undefined) return undefined; // unknown to us, so nothing that we could vouch for
      try {
        return await client.find<T>(resource, { namespace: ref.namespace, name: ref.name });
      } catch (error) {
        throw toStepError(error);
      }
    },

    async list<T extends KubeObject>(
      of: {
        readonly apiVersion: string;
        readonly kind: string;
        readonly namespace: string;
        readonly first?: number;
        readonly notOlderThan?: string;
      },
      labelSelector?: string,
    ) {
      const resource = known(of);
      try {
        const { items } = await client.list<T>(resource, {
          namespace: of.namespace,
          ...(of.first === undefined ? {} : { first: of.first }),
          ...(of.notOlderThan === undefined ? {} : { notOlderThan: of.notOlderThan }),
          ...(labelSelector === undefined ? {} : { labelSelector }),
        });
        // Lists leave out what every item has in common.
        return items.map((item) => ({ ...item, apiVersion: apiVersionOf(resource), kind: resource.kind }));
      } catch (error) {
        throw toStepError(error);
      }
    },

    async preview(target, patch) {
      const { namespace, name } = target;
      try {
        const object = await client.patch<KubeObject>(known(target), { namespace, name }, patch.type, patch.body, {
          dryRun: true,
        });
        return { result: 'accepted', object } as const;
      } catch (error) {
        const refused = refusal(error);
        if (refused.result === 'gone') return refused;
        return { result: 'refused', message: 'message' in refused ? refused.message : 'refused' } as const;
      }
    },

    async write(write, options) {
      const left = options.deadline - Date.now();
      if (left < MIN_LEFT_MS) throw new StepError('Unavailable', 'this attempt woke up too late to write');
      try {
        return { result: 'written', object: await send(client, write, options, Math.min(left, MAX_WRITE_MS)) };
      } catch (error) {
        // Nothing is made any more where everything is being deleted; evictions, which are refused as well, go on by that.
        if (write.type === 'create' && isKubeError(error) && error.causes.includes('NamespaceTerminating'))
          return { result: 'gone' };
        return refusal(error);
      }
    },
  };
}

const known = (of: { readonly apiVersion: string; readonly kind: string }): Resource => {
  const resource = resourceOf(of.apiVersion, of.kind);
  if (resource === undefined)
    throw new StepError('Invalid', `${of.apiVersion} ${of.kind} is not a kind that KubeSkippy knows`);
  return resource;
};

async function send(
  client: KubeClient,
  write: Write,
  { auditId, dryRun }: WriteOptions,
  timeoutMs: number,
): Promise<KubeObject> {
  const { namespace, name } = write.target;
  const call = { auditId, dryRun, timeoutMs };
  if (write.type === 'patch')
    return client.patch<KubeObject>(known(write.target), { namespace, name }, 'json', write.operations, call);
  if (write.type === 'create') return client.create<KubeObject>(known(write.target), { namespace }, write.object, call);
  const preconditions = {
    uid: write.uid,
    ...(write.resourceVersion === undefined ? {} : { resourceVersion: write.resourceVersion }),
  };
  const grace = write.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: write.gracePeriodSeconds };
  if (write.type === 'delete') {
    const { propagationPolicy } = write;
    const how = propagationPolicy === undefined ? {} : { propagationPolicy };
    // Options in a body are all that counts: the API server does not look at those of the query then.
    const rehearsed = dryRun ? { dryRun: ['All'] } : {};
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, ...grace, ...how, ...rehearsed };
    return client.delete(known(write.target), { namespace, name }, body, call) as Promise<KubeObject>;
  }
  const eviction = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    deleteOptions: { preconditions, ...grace },
  };
  return client.create<KubeObject>(resources.pods, { namespace, name, subresource: 'eviction' }, eviction, call);
}

/** What a refused write means; rejects when the write may have happened all the same. */
function refusal(error: unknown): WriteResult {
  if (!(error instanceof KubeError)) throw toStepError(error);
  // A proxy that does not know the path also answers 404.
  if (error.reason === 'NotFound') return { result: 'gone' };
  if (error.status === 429 && error.causes.includes('DisruptionBudget'))
    return { result: 'blocked', message: error.message, retryAfterMs: BUDGET_RETRY_MS };
  if (error.status === 409) return { result: 'conflict', message: error.message };
  // A failed `test` of a JSON Patch answers 422 without a cause; a real validation error names the field.
  if (error.status === 422 && error.causes.length === 0) return { result: 'conflict', message: error.message };
  if (error.status === 400 || error.status === 403 || error.status === 415 || error.status === 422)
    return { result: 'refused', message: error.message };
  // An eviction that no retry can help is answered like a failure of the server.
  if (error.status === 500 && error.message.includes(TWO_BUDGETS)) return { result: 'refused', message: error.message };
  throw toStepError(error);
}
