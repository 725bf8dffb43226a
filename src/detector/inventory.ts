import type { KubeObject } from '../api/meta.ts';
import { controllerOf, MAX_OWNERS, ownerChain } from '../domain/owner-chain.ts';

/** The watched objects, by namespace and by who controls them. */
export class Inventory<T extends KubeObject> {
  readonly #byUid = new Map<string, T>();
  readonly #byNamespace = new Map<string, Map<string, T>>();
  /** uid of a controller → its objects; the controller itself may not be here (yet). */
  readonly #controlled = new Map<string, Set<string>>();

  get size(): number {
    return this.#byUid.size;
  }

  get(uid: string): T | undefined {
    return this.#byUid.get(uid);
  }

  inNamespace(namespace: string): Iterable<T> {
    return this.#byNamespace.get(namespace)?.values() ?? [];
  }

  /** Adds the object, or replaces what was known of it. */
  put(object: T): void {
    const { uid, namespace = '' } = object.metadata;
    const known = this.#byUid.get(uid);
    if (known !== undefined) this.#unlink(known);
    this.#byUid.set(uid, object);
    const siblings = this.#byNamespace.get(namespace);
    if (siblings === undefined) this.#byNamespace.set(namespace, new Map([[uid, object]]));
    else siblings.set(uid, object);
    const owner = controllerOf(object);
    if (owner === undefined) return;
    const controlled = this.#controlled.get(owner.uid);
    if (controlled === undefined) this.#controlled.set(owner.uid, new Set([uid]));
    else controlled.add(uid);
  }

  remove(uid: string): void {
    const known = this.#byUid.get(uid);
    if (known === undefined) return;
    this.#unlink(known);
    this.#byUid.delete(uid);
    const namespace = known.metadata.namespace ?? '';
    const siblings = this.#byNamespace.get(namespace);
    siblings?.delete(uid);
    if (siblings?.size === 0) this.#byNamespace.delete(namespace);
  }

  /** The object and its known controllers, nearest first. */
  chainOf(object: T): readonly KubeObject[] {
    return ownerChain(object, ({ uid }) => this.#byUid.get(uid));
  }

  /** All objects that have this one in their chain. */
  *below(uid: string, depth = MAX_OWNERS): Generator<T> {
    if (depth === 0) return;
    for (const child of this.#controlled.get(uid) ?? []) {
      const object = this.#byUid.get(child);
      if (object !== undefined) yield object;
      yield* this.below(child, depth - 1);
    }
  }

  #unlink(object: T): void {
    const owner = controllerOf(object);
    if (owner === undefined) return;
    const controlled = this.#controlled.get(owner.uid);
    controlled?.delete(object.metadata.uid);
    if (controlled?.size === 0) this.#controlled.delete(owner.uid);
  }
}
