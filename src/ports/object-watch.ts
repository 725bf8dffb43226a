import type { KubeObject } from '../api/meta.ts';

/** What to watch; without `namespace` all namespaces. */
export interface WatchScope {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

export type ObjectChange<T> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'updated'; readonly object: T; readonly previous: T }
  /** `finalStateUnknown`: the deletion was noticed by a full sync; `object` is the last state that was seen. */
  | { readonly type: 'deleted'; readonly object: T; readonly finalStateUnknown: boolean };

export interface WatchOptions<T extends KubeObject> {
  readonly scope: WatchScope;
  /** Keeps only what is needed, so that thousands of objects fit in memory. Must keep `metadata.{name,namespace,uid,resourceVersion}`. */
  readonly project: (raw: KubeObject) => T;
  /** Called once per object and state, in order per object. A rejected call is repeated with back-off; it never ends the watch. */
  readonly onChange: (change: ObjectChange<T>) => void | Promise<void>;
  /** Called after every full sync (the first, and each later one): everything that exists has been handed over. */
  readonly onSynced?: () => void;
}

/** A live, self-repairing copy of the objects in a scope. */
export interface ObjectWatch<T> {
  start(): void;
  stop(): Promise<void>;
  /** Resolves at the first full sync. */
  readonly ready: Promise<void>;
  readonly synced: boolean;
  /** Milliseconds since the server last said anything, bookmarks included. */
  readonly silentForMs: number;
  values(): IterableIterator<T>;
  byUid(uid: string): T | undefined;
  byName(namespace: string, name: string): T | undefined;
}

export interface ObjectWatchPort {
  watch<T extends KubeObject>(options: WatchOptions<T>): ObjectWatch<T>;
}
