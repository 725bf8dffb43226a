import type { KubeObject } from '../../src/api/meta.ts';
import type { ObjectChange, ObjectWatch, ObjectWatchPort, WatchOptions } from '../../src/ports/object-watch.ts';

/** An {@link ObjectWatchPort} over objects in memory; changes are handed over in order, refused ones again in the next turn. */
export class MemoryCluster implements ObjectWatchPort {
  readonly #objects = new Map<string, KubeObject>();
  readonly #watches: MemoryWatch[] = [];
  #version = 0;

  watch<T extends KubeObject>(options: WatchOptions<T>): ObjectWatch<T> {
    const watch = new MemoryWatch<T>(options, () => this.#objects.values());
    this.#watches.push(watch as unknown as MemoryWatch); // a watch is only ever given objects of its own kind
    return watch;
  }

  /** Creates or replaces. */
  put(object: KubeObject): void {
    this.#version += 1;
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#objects.set(object.metadata.uid, stored);
    for (const watch of this.#watches) watch.put(stored);
  }

  delete(uid: string): void {
    const object = this.#objects.get(uid);
    if (object === undefined) throw new Error(`there is no object ${uid}`);
    this.#objects.delete(uid);
    for (const watch of this.#watches) watch.remove(object);
  }

  /** Keeps the watch of a kind from ever having seen everything, until `syncs` is called. */
  holdBack(kind: string): void {
    this.#of(kind).held = true;
  }

  syncs(kind: string): void {
    this.#of(kind).sync();
  }

  /** The server has said nothing to the watch of this kind for so long. */
  silence(kind: string, ms: number): void {
    this.#of(kind).silentForMs = ms;
  }

  #of(kind: string): MemoryWatch {
    const found = this.#watches.find((watch) => watch.kind === kind);
    if (found === undefined) throw new Error(`nobody watches ${kind}`);
    return found;
  }
}

class MemoryWatch<T extends KubeObject = KubeObject> implements ObjectWatch<T> {
  readonly ready: Promise<void>;
  readonly kind: string;
  synced = false;
  silentForMs = 0;
  held = false;
  readonly #options: WatchOptions<T>;
  readonly #existing: () => Iterable<KubeObject>;
  readonly #known = new Map<string, T>();
  #markReady = (): void => undefined;
  #started = false;
  #delivery: Promise<void> = Promise.resolve();

  constructor(options: WatchOptions<T>, existing: () => Iterable<KubeObject>) {
    this.#options = options;
    this.#existing = existing;
    this.kind = options.scope.kind;
    this.ready = new Promise((resolve) => (this.#markReady = resolve));
  }

  start(): void {
    this.#started = true;
    for (const object of this.#existing()) this.put(object);
    if (!this.held) this.sync();
  }

  sync(): void {
    this.synced = true;
    this.#delivery = this.#delivery.then(() => {
      this.#markReady();
      this.#options.onSynced?.();
    });
  }

  async stop(): Promise<void> {
    this.#started = false;
    await this.#delivery;
  }

  put(raw: KubeObject): void {
    if (!this.#started || raw.kind !== this.kind) return;
    const object = this.#options.project(raw);
    const previous = this.#known.get(raw.metadata.uid);
    this.#known.set(raw.metadata.uid, object);
    this.#deliver(previous === undefined ? { type: 'added', object } : { type: 'updated', object, previous });
  }

  remove(raw: KubeObject): void {
    const object = this.#known.get(raw.metadata.uid);
    if (!this.#started || object === undefined) return;
    this.#known.delete(raw.metadata.uid);
    this.#deliver({ type: 'deleted', object, finalStateUnknown: false });
  }

  values(): IterableIterator<T> {
    return this.#known.values();
  }

  byUid(uid: string): T | undefined {
    return this.#known.get(uid);
  }

  byName(namespace: string, name: string): T | undefined {
    return [...this.#known.values()].find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  }

  #deliver(change: ObjectChange<T>): void {
    this.#delivery = this.#delivery.then(async () => {
      while (this.#started) {
        try {
          await this.#options.onChange(change);
          return;
        } catch {
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    });
  }
}
