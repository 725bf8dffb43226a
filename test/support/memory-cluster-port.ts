import type { KubeObject } from '../../src/api/meta.ts';
import { canonical } from '../../src/domain/canonical.ts';
import type { Job } from '../../src/api/workloads.ts';
import type { JsonPatchOperation } from '../../src/domain/json-patch.ts';
import { StepError } from '../../src/errors.ts';
import type { AuthoredPatch, ClusterPort, Preview, Write, WriteOptions, WriteResult } from '../../src/ports/cluster.ts';
import { refOf, Refusal, type MemoryApiServer, type Raw } from './memory-api-server.ts';

/** One write as the API server has seen it. */
export interface SeenWrite {
  readonly write: Write;
  readonly options: WriteOptions;
  readonly result: WriteResult['result'];
  /** It changed more than marks of the healer's own: an effect. */
  readonly effect: boolean;
}

/** What becomes of a write on its way: lost before it arrives, or applied and its answer lost. */
export type Fault = (write: Write, options: WriteOptions) => 'lost' | 'answer lost' | undefined;

/** The {@link ClusterPort} over an API server in memory. */
export class MemoryClusterPort implements ClusterPort {
  readonly #api: MemoryApiServer;
  readonly seen: SeenWrite[] = [];
  /** Runs before a write is looked at: what somebody else does in that moment. */
  meanwhile: (write: Write) => void | Promise<void> = () => undefined;
  fault: Fault = () => undefined;
  /** Why PodDisruptionBudgets forbid evictions. */
  budget: string | undefined;
  /** Refuses every write for good. */
  refusal: string | undefined;
  /** The namespace is being deleted: nothing can be made in it. */
  ending = false;

  constructor(api: MemoryApiServer) {
    this.#api = api;
  }

  async get<T extends KubeObject>(ref: Parameters<ClusterPort['get']>[0]): Promise<T | undefined> {
    return structuredClone(this.#api.find(ref)) as T | undefined;
  }

  async list<T extends KubeObject>(
    { kind, namespace, first }: { readonly kind: string; readonly namespace: string; readonly first?: number },
    labelSelector = '',
  ): Promise<readonly T[]> {
    const labels = Object.fromEntries(
      labelSelector
        .split(',')
        .filter((term) => term !== '')
        .map((term) => term.split('=') as [string, string]),
    );
    return structuredClone(this.#api.list(kind, namespace, labels).slice(0, first)) as KubeObject[] as T[];
  }

  async preview(target: Parameters<ClusterPort['preview']>[0], patch: AuthoredPatch): Promise<Preview> {
    if (this.#api.find(target) === undefined) return { result: 'gone' };
    try {
      const operations = patch.type === 'json' ? (patch.body as JsonPatchOperation[]) : undefined;
      const object =
        operations === undefined ? this.#api.merged(target, patch.body) : this.#api.patch(target, operations, true);
      return { result: 'accepted', object };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { result: 'refused', message: error.message };
    }
  }

  async write(write: Write, options: WriteOptions): Promise<WriteResult> {
    if (options.deadline - Date.now() < 1_000) throw new StepError('Unavailable', 'too late to write');
    await this.meanwhile(write);
    const fault = this.fault(write, options);
    if (fault === 'lost') throw new StepError('Unavailable', 'the request was lost');
    const before = this.#api.find(write.target);
    const result = this.#apply(write, options.dryRun);
    const effect = result.result === 'written' && !options.dryRun && isEffect(write, before, result.object);
    this.seen.push({ write, options, result: result.result, effect });
    if (fault === 'answer lost') throw new StepError('Unavailable', 'the answer was lost');
    return result;
  }

  /** What was more than a dry run. */
  get written(): readonly SeenWrite[] {
    return this.seen.filter(({ options }) => !options.dryRun);
  }

  get effects(): readonly SeenWrite[] {
    return this.seen.filter(({ effect }) => effect);
  }

  #apply(write: Write, dryRun: boolean): WriteResult {
    if (this.refusal !== undefined) return { result: 'refused', message: this.refusal };
    if (write.type === 'create' && this.ending) return { result: 'gone' };
    try {
      if (write.type === 'patch')
        return { result: 'written', object: this.#api.patch(write.target, write.operations, dryRun) };
      if (write.type === 'create') return { result: 'written', object: this.#create(write, dryRun) };
      return this.#evict(write, dryRun);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return error.status === 404 ? { result: 'gone' } : { result: 'conflict', message: error.message };
    }
  }

  #create({ object, target }: Extract<Write, { type: 'create' }>, dryRun: boolean): Raw {
    if (!dryRun) return this.#api.create(object);
    if (this.#api.find(target) !== undefined) throw new Refusal(409, `${target.name} already exists`);
    return { ...object, metadata: { uid: '', resourceVersion: '', ...object.metadata } };
  }

  #evict(write: Extract<Write, { type: 'evict' | 'delete' }>, dryRun: boolean): WriteResult {
    const pod = this.#api.get(write.target);
    if (pod.metadata.uid !== write.uid) return { result: 'conflict', message: 'the uid is another' };
    if (write.resourceVersion !== undefined && write.resourceVersion !== pod.metadata.resourceVersion)
      return { result: 'conflict', message: 'the resourceVersion is another' };
    if (write.type === 'evict' && this.budget !== undefined)
      return { result: 'blocked', message: this.budget, retryAfterMs: 5_000 };
    if (!dryRun) this.#api.delete(refOf(pod));
    return { result: 'written', object: pod };
  }
}

function isEffect(write: Write, before: Raw | undefined, after: Raw): boolean {
  // A Job acts when it is made, unless it is made not to; what becomes of it afterwards is housekeeping.
  if (write.target.kind === 'Job') return write.type === 'create' && (after as Job).spec.suspend !== true;
  return write.type !== 'patch' || authored(before) !== authored(after);
}

const authored = (object: Raw | undefined): string =>
  canonical([
    object?.spec,
    object?.metadata.labels,
    Object.entries(object?.metadata.annotations ?? {}).filter(([key]) => !key.startsWith('kubeskippy.io/')),
  ]);
