import type { KubeObject } from '../../api/meta.ts';
import type { ObjectChange } from '../../ports/object-watch.ts';
import { Backoff } from '../../domain/backoff.ts';

type Pending<T> =
  | { readonly deleted: false; readonly object: T }
  | { readonly deleted: true; readonly object: T; readonly finalStateUnknown: boolean };

/** What waits for one name; two uids only while an object and its successor of the same name are both under way. */
interface Lane<T> {
  readonly key: string;
  readonly pending: Map<string, Pending<T>>;
  readonly backoff: Backoff;
  state: 'idle' | 'ready' | 'running' | 'waiting';
  timer?: NodeJS.Timeout;
}

export interface DeliveryOptions<T> {
  readonly deliver: (change: ObjectChange<T>) => void | Promise<void>;
  readonly onFailure: (change: ObjectChange<T>, error: unknown, retryInMs: number) => void;
  readonly backoffBaseMs: number;
  readonly backoffCapMs: number;
  /** Deliveries of different names that may run at once. */
  readonly concurrency: number;
}

const TURN_MS = 10;

/**
 * Hands states over, one at a time and in order per name, without ever making the producer wait. Only the latest state of
 * an object waits (so memory is bounded by objects, not by events); a deletion is never dropped, even if nothing of the
 * object had been handed over. A failed hand-over is repeated with back-off, always with the state that is then the latest.
 */
export class DeliveryQueue<T extends KubeObject> {
  readonly #options: DeliveryOptions<T>;
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #delivered = new Map<string, T>();
  /** In the order in which they became ready. */
  readonly #ready = new Set<Lane<T>>();
  readonly #barriers = new Set<{ readonly lanes: Set<Lane<T>>; readonly resolve: () => void }>();
  readonly #running = new Set<Promise<void>>();
  #scheduled = false;
  #stopped = false;

  constructor(options: DeliveryOptions<T>) {
    this.#options = options;
  }

  /** Names with something to hand over. */
  get depth(): number {
    return this.#lanes.size;
  }

  offer(object: T): void {
    this.#enqueue(object, { deleted: false, object });
  }

  offerDeleted(object: T, finalStateUnknown: boolean): void {
    this.#enqueue(object, { deleted: true, object, finalStateUnknown });
  }

  /** Resolves when everything that waits now has been tried at least once. */
  attempted(): Promise<void> {
    if (this.#lanes.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#barriers.add({ lanes: new Set(this.#lanes.values()), resolve }));
  }

  /** Begins no further delivery; resolves when those that run have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const lane of this.#lanes.values()) clearTimeout(lane.timer);
    for (const barrier of this.#barriers) barrier.resolve();
    this.#barriers.clear();
    await Promise.all(this.#running);
  }

  #enqueue(object: T, pending: Pending<T>): void {
    if (this.#stopped) return;
    const { namespace = '', name, uid } = object.metadata;
    const key = `${namespace}/${name}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      const { backoffBaseMs: baseMs, backoffCapMs: capMs } = this.#options;
      lane = { key, pending: new Map(), backoff: new Backoff({ baseMs, capMs }), state: 'idle' };
      this.#lanes.set(key, lane);
    }
    lane.pending.set(uid, pending);
    if (lane.state === 'idle') this.#makeReady(lane);
  }

  #makeReady(lane: Lane<T>): void {
    lane.state = 'ready';
    this.#ready.add(lane);
    this.#schedule();
  }

  /** In a turn of its own: never within the producer, and with the event loop free between two batches. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#startReady();
    });
  }

  #startReady(): void {
    const began = performance.now();
    for (const lane of this.#ready) {
      if (this.#stopped || this.#running.size >= this.#options.concurrency) return; // whoever ends schedules
      if (performance.now() - began >= TURN_MS) {
        this.#schedule();
        return;
      }
      this.#ready.delete(lane);
      this.#start(lane);
    }
  }

  #start(lane: Lane<T>): void {
    lane.state = 'running';
    const run = this.#run(lane).finally(() => {
      this.#running.delete(run);
      for (const barrier of this.#barriers) {
        barrier.lanes.delete(lane);
        if (barrier.lanes.size > 0) continue;
        this.#barriers.delete(barrier);
        barrier.resolve();
      }
      if (this.#ready.size > 0) this.#schedule();
    });
    this.#running.add(run);
  }

  async #run(lane: Lane<T>): Promise<void> {
    for (const [uid, pending] of lane.pending) {
      if (this.#stopped) return;
      lane.pending.delete(uid); // what is offered from now on is newer
      const change = this.#changeTo(uid, pending);
      try {
        await this.#options.deliver(change);
      } catch (error) {
        this.#retryLater(lane, uid, pending, change, error);
        return;
      }
      lane.backoff.reset();
      if (pending.deleted) this.#delivered.delete(uid);
      else this.#delivered.set(uid, pending.object);
    }
    lane.state = 'idle';
    this.#lanes.delete(lane.key);
  }

  #changeTo(uid: string, pending: Pending<T>): ObjectChange<T> {
    if (pending.deleted)
      return { type: 'deleted', object: pending.object, finalStateUnknown: pending.finalStateUnknown };
    const previous = this.#delivered.get(uid);
    return previous === undefined
      ? { type: 'added', object: pending.object }
      : { type: 'updated', object: pending.object, previous };
  }

  #retryLater(lane: Lane<T>, uid: string, pending: Pending<T>, change: ObjectChange<T>, error: unknown): void {
    if (!lane.pending.has(uid)) {
      const later = [...lane.pending];
      lane.pending.clear();
      for (const [key, value] of [[uid, pending] as const, ...later]) lane.pending.set(key, value);
    }
    const delay = lane.backoff.next();
    this.#options.onFailure(change, error, delay);
    if (this.#stopped) return;
    lane.state = 'waiting';
    lane.timer = setTimeout(() => {
      this.#makeReady(lane);
    }, delay);
  }
}
