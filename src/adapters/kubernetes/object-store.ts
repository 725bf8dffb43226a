import type { KubeObject } from '../../api/meta.ts';

const nameKey = (namespace: string | undefined, name: string): string => `${namespace ?? ''}/${name}`;

/** The latest known state of each object, by uid, with an index by name. */
export class ObjectStore<T extends KubeObject> {
  readonly #byUid = new Map<string, T>();
  readonly #uidByName = new Map<string, string>();

  get size(): number {
    return this.#byUid.size;
  }

  values(): IterableIterator<T> {
    return this.#byUid.values();
  }

  byUid(uid: string): T | undefined {
    return this.#byUid.get(uid);
  }

  byName(namespace: string | undefined, name: string): T | undefined {
    const uid = this.#uidByName.get(nameKey(namespace, name));
    return uid === undefined ? undefined : this.#byUid.get(uid);
  }

  put(object: T): void {
    const { uid, namespace, name } = object.metadata;
    this.#byUid.set(uid, object);
    this.#uidByName.set(nameKey(namespace, name), uid);
  }

  remove(object: T): void {
    const { uid, namespace, name } = object.metadata;
    this.#byUid.delete(uid);
    const key = nameKey(namespace, name);
    if (this.#uidByName.get(key) === uid) this.#uidByName.delete(key);
  }
}
