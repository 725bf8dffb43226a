import type { KubeObject, ObjectMeta } from '../api/meta.ts';
import type { JsonPatchOperation } from '../domain/json-patch.ts';
import type { TargetRef } from '../domain/target-ref.ts';

type Named = Pick<TargetRef, 'apiVersion' | 'kind' | 'namespace' | 'name'>;

/** The live cluster, read and never guessed from a cache. */
export interface ClusterReader {
  /** Undefined when there is no such object. */
  get<T extends KubeObject>(ref: Named): Promise<T | undefined>;
  list<T extends KubeObject>(
    of: {
      readonly apiVersion: string;
      readonly kind: string;
      readonly namespace: string;
      /** No more than these, by name; default: all. */
      readonly first?: number;
      /**
       * `metadata.resourceVersion` of an object that was read: the list shows the world as it was then, or later. Without
       * it the list is as new as can be, for which the API server may have to wait a tenth of a second.
       */
      readonly notOlderThan?: string;
    },
    labelSelector?: string,
  ): Promise<readonly T[]>;
  /** What the API server would make of a patch: a server-side dry run, admission and validation included. */
  preview(target: Named, patch: AuthoredPatch): Promise<Preview>;
}

/** A patch as its author wrote it, parsed. */
export interface AuthoredPatch {
  readonly type: 'strategic' | 'merge' | 'json';
  readonly body: unknown;
}

export type Preview =
  | { readonly result: 'accepted'; readonly object: KubeObject }
  | { readonly result: 'gone' }
  | { readonly result: 'refused'; readonly message: string };

/** What has no identity yet. */
export type NewObject = Omit<KubeObject, 'metadata'> & {
  readonly metadata: Partial<ObjectMeta> & Pick<ObjectMeta, 'name'>;
};

/** One write; every form refuses to hit another object than the one that was read. */
export type Write =
  /** RFC 6902; its `test` operations are the preconditions. */
  | { readonly type: 'patch'; readonly target: Named; readonly operations: readonly JsonPatchOperation[] }
  /** Through the Eviction API, so that PodDisruptionBudgets hold. */
  | {
      readonly type: 'evict';
      readonly target: Named;
      readonly uid: string;
      readonly resourceVersion?: string;
      readonly gracePeriodSeconds?: number;
    }
  | {
      readonly type: 'delete';
      readonly target: Named;
      readonly uid: string;
      readonly resourceVersion?: string;
      readonly gracePeriodSeconds?: number;
      readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
    }
  /**
   * Of a name that is fixed beforehand, so that it exists at most once at a time; `conflict` when it is taken, `gone` when
   * its namespace is gone or going, so that nothing can be made in it any more.
   */
  | { readonly type: 'create'; readonly target: Named; readonly object: NewObject };

export interface WriteOptions {
  /** Names the attempt in the API server's audit log. */
  readonly auditId: string;
  readonly dryRun: boolean;
  /** Never write past this time (milliseconds since the epoch): a sleeper that wakes late must not act. */
  readonly deadline: number;
}

export type WriteResult =
  | { readonly result: 'written'; readonly object: KubeObject }
  /** A precondition did not hold: read again before anything else. */
  | { readonly result: 'conflict'; readonly message: string }
  /** A PodDisruptionBudget forbids it now. */
  | { readonly result: 'blocked'; readonly message: string; readonly retryAfterMs: number }
  | { readonly result: 'gone' }
  /** The API server refuses this write for good (invalid, forbidden). */
  | { readonly result: 'refused'; readonly message: string };

export interface ClusterPort extends ClusterReader {
  /** Rejects when no answer came or the server failed: the write may have happened. */
  write(write: Write, options: WriteOptions): Promise<WriteResult>;
}
