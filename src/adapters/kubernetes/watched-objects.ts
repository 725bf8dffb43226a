import type { KubeObject } from '../../api/meta.ts';
import { ObjectStore } from './object-store.ts';
import { isNewer, isOlder } from './resource-version.ts';

export interface WatchedObjectsOptions<T> {
  readonly project: (raw: KubeObject) => T;
  readonly onState: (object: T) => void;
  readonly onDeleted: (object: T, finalStateUnknown: boolean) => void;
  readonly onStale: () => void;
  readonly onProjectionFailure: (raw: KubeObject, error: unknown) => void;
}

const REMEMBERED_DELETIONS = 2_000;

/**
 * The copy of the server's objects: turns what lists and watches tell, which may be repeated, late or unchanged, into
 * states and deletions that are each reported once. An object that was made again under the same name is a deletion and a
 * new object.
 */
export class WatchedObjects<T extends KubeObject> {
  readonly store = new ObjectStore<T>();
  readonly #options: WatchedObjectsOptions<T>;
  /** uid → version of the deletion, so that a late event does not bring an object back. */
  readonly #deletions = new Map<string, string>();
  /** uids seen by the full sync under way. */
  #seen: Set<string> | undefined;
  #distrustVersions = false;

  constructor(options: WatchedObjectsOptions<T>) {
    this.#options = options;
  }

  /** `distrustVersions`: the server's history is another one, so an equal version proves nothing. */
  beginFullSync(distrustVersions: boolean): void {
    this.#seen = new Set();
    this.#distrustVersions = distrustVersions;
    if (distrustVersions) this.#deletions.clear();
  }

  /** Everything that exists has been told: what was not seen is gone. */
  endFullSync(): void {
    const seen = this.#seen;
    if (seen === undefined) return;
    this.#seen = undefined;
    this.#distrustVersions = false;
    for (const object of [...this.store.values()])
      if (!seen.has(object.metadata.uid)) this.#remove(object, object.metadata.resourceVersion, true);
  }

  /** The full sync under way came to nothing. */
  abandonFullSync(): void {
    this.#seen = undefined;
    this.#distrustVersions = false;
  }

  state(raw: KubeObject): void {
    const { uid, resourceVersion, namespace, name } = raw.metadata;
    this.#seen?.add(uid);
    const known = this.store.byUid(uid);
    if (known !== undefined && !this.#distrustVersions) {
      if (known.metadata.resourceVersion === resourceVersion) return;
      if (this.#isStale(isOlder(resourceVersion, known.metadata.resourceVersion))) return;
    }
    const deletedAt = this.#deletions.get(uid);
    if (deletedAt !== undefined) {
      if (this.#isStale(!isNewer(resourceVersion, deletedAt))) return;
      this.#deletions.delete(uid); // it left the selection and came back
    }
    const projected = this.#project(raw);
    if (projected === undefined) return;
    const namesake = this.store.byName(namespace, name);
    if (namesake !== undefined && namesake.metadata.uid !== uid) this.#remove(namesake, resourceVersion, true);
    this.store.put(projected);
    this.#options.onState(projected);
  }

  deleted(raw: KubeObject): void {
    const { uid, resourceVersion } = raw.metadata;
    const known = this.store.byUid(uid);
    if (known === undefined || this.#isStale(isOlder(resourceVersion, known.metadata.resourceVersion))) return;
    this.#seen?.delete(uid);
    this.#remove(known, resourceVersion, false, this.#project(raw));
  }

  #remove(known: T, deletedAt: string, finalStateUnknown: boolean, finalState: T = known): void {
    this.store.remove(known);
    this.#deletions.set(known.metadata.uid, deletedAt);
    if (this.#deletions.size > REMEMBERED_DELETIONS)
      for (const oldest of this.#deletions.keys()) {
        this.#deletions.delete(oldest);
        break;
      }
    this.#options.onDeleted(finalState, finalStateUnknown);
  }

  /** A full sync is right even where it tells an older version: the server's history may have gone back. */
  #isStale(notNewer: boolean): boolean {
    if (!notNewer || this.#seen !== undefined) return false;
    this.#options.onStale();
    return true;
  }

  #project(raw: KubeObject): T | undefined {
    try {
      return this.#options.project(raw);
    } catch (error) {
      this.#options.onProjectionFailure(raw, error);
      return undefined;
    }
  }
}
