import { API_VERSION, FINALIZER } from '../../src/api/constants.ts';
import type { HealingAction, HealingActionStatus } from '../../src/api/healing-action.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import { StepError } from '../../src/errors.ts';
import type { ObjectChange, ObjectWatch, ObjectWatchPort, WatchOptions } from '../../src/ports/object-watch.ts';
import type { ActionRecords } from '../../src/ports/records.ts';

/**
 * The HealingActions of an API server in memory: the watch on them, and the records of them. Keeps to the contract of both
 * ports: changes in order per object, a change that was not taken comes again, a deleted object stays while it is held.
 */
export class HealingActions implements ObjectWatchPort {
  readonly #actions = new Map<string, HealingAction>();
  #version = 0;
  #uids = 0;
  #subscriber:
    { readonly change: (change: ObjectChange<KubeObject>) => Promise<void>; readonly synced: () => void } | undefined;
  silentForMs = 0;
  /** Reads and writes fail while it is false. */
  writable = true;
  /** Reads of single actions so far. */
  reads = 0;
  /** Changes that came back. */
  notTaken = 0;

  create(
    name: string,
    more: { readonly spec?: Partial<HealingAction['spec']>; readonly status?: HealingActionStatus } = {},
  ): HealingAction {
    const action: HealingAction = {
      apiVersion: API_VERSION,
      kind: 'HealingAction',
      metadata: { name, namespace: 'shop', uid: `uid-${(this.#uids += 1)}`, resourceVersion: '', generation: 1 },
      spec: {
        policyRef: { name: 'policy', namespace: 'shop' },
        targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
        action: { name: 'restart-it', type: 'restart' },
        ...more.spec,
      },
      ...(more.status === undefined ? {} : { status: more.status }),
    };
    return this.#store(action);
  }

  get(name: string): HealingAction | undefined {
    return this.#actions.get(name);
  }

  /** Of one that is there. */
  the(name: string): HealingAction {
    const found = this.#actions.get(name);
    if (found === undefined) throw new Error(`no HealingAction ${name}`);
    return found;
  }

  change(name: string, change: (action: HealingAction) => HealingAction): HealingAction {
    return this.#store(change(this.the(name)));
  }

  hold(name: string): void {
    this.change(name, (action) => ({ ...action, metadata: { ...action.metadata, finalizers: [FINALIZER] } }));
  }

  setStatus(name: string, status: HealingActionStatus): void {
    this.change(name, (action) => ({ ...action, status: { ...action.status, ...status } }));
  }

  /** As the API server: gone at once, or marked while something holds it. */
  delete(name: string, at = new Date()): void {
    const action = this.the(name);
    if ((action.metadata.finalizers ?? []).length === 0) this.#remove(action);
    else this.#store({ ...action, metadata: { ...action.metadata, deletionTimestamp: at.toISOString() } });
  }

  /** A full sync of the watch. */
  sync(): void {
    this.#subscriber?.synced();
  }

  watch<T extends KubeObject>(options: WatchOptions<T>): ObjectWatch<T> {
    const seen = new Map<string, T>();
    let started = false;
    const { promise: ready, resolve } = Promise.withResolvers<undefined>();
    const change = async (raw: ObjectChange<KubeObject>): Promise<void> => {
      const object = options.project(raw.object);
      const { uid } = object.metadata;
      const previous = seen.get(uid);
      if (raw.type === 'deleted') seen.delete(uid);
      else seen.set(uid, object);
      const told: ObjectChange<T> =
        raw.type === 'deleted'
          ? { type: 'deleted', object, finalStateUnknown: false }
          : previous === undefined
            ? { type: 'added', object }
            : { type: 'updated', object, previous };
      for (;;) {
        try {
          await options.onChange(told);
          return;
        } catch {
          this.notTaken += 1;
          await new Promise((later) => setTimeout(later, 5));
        }
      }
    };
    const silentForMs = (): number => this.silentForMs;
    return {
      ready,
      start: () => {
        if (started) return;
        started = true;
        this.#subscriber = { change, synced: () => options.onSynced?.() };
        void Promise.all(
          [...this.#actions.values()].map((object) => Promise.race([change({ type: 'added', object }), next()])),
        ).then(() => {
          resolve(undefined);
          options.onSynced?.();
        });
      },
      stop: async () => {
        this.#subscriber = undefined;
      },
      synced: true,
      get silentForMs() {
        return silentForMs();
      },
      values: () => seen.values(),
      byUid: (uid) => seen.get(uid),
      byName: (namespace, name) =>
        [...seen.values()].find(({ metadata }) => metadata.name === name && metadata.namespace === namespace),
    };
  }

  /** The part of {@link ActionRecords} that the controller uses. */
  readonly records: Pick<ActionRecords, 'read' | 'list' | 'update' | 'release'> = {
    read: async ({ name, uid }) => {
      this.reads += 1;
      this.#refuseIfAway();
      const found = this.#actions.get(name);
      return found?.metadata.uid === uid ? found : undefined;
    },
    list: async () => {
      this.#refuseIfAway();
      return [...this.#actions.values()];
    },
    update: async (from, change) => {
      const { name, uid } = 'metadata' in from ? from.metadata : from;
      const found = await this.records.read({ namespace: '', name, uid });
      const status = found === undefined ? undefined : change(found);
      return found === undefined || status === undefined ? found : this.#store({ ...found, status });
    },
    release: async (ref) => {
      const found = await this.records.read(ref);
      if (found === undefined) return;
      const released = { ...found, metadata: { ...found.metadata, finalizers: [] } };
      if (found.metadata.deletionTimestamp === undefined) this.#store(released);
      else this.#remove(released);
    },
  };

  #refuseIfAway(): void {
    if (!this.writable) throw new StepError('Unavailable', 'the API server is away');
  }

  #store(action: HealingAction): HealingAction {
    this.#version += 1;
    const object = { ...action, metadata: { ...action.metadata, resourceVersion: String(this.#version) } };
    const type = this.#actions.has(object.metadata.name) ? 'updated' : 'added';
    this.#actions.set(object.metadata.name, object);
    void this.#subscriber?.change(type === 'added' ? { type, object } : { type, object, previous: object });
    return object;
  }

  #remove(object: HealingAction): void {
    this.#actions.delete(object.metadata.name);
    void this.#subscriber?.change({ type: 'deleted', object, finalStateUnknown: false });
  }
}

const next = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
