import type { KubeObject } from '../../api/meta.ts';
import type { ObjectWatch, WatchOptions } from '../../ports/object-watch.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { KubeClient } from './kube-client.ts';
import type { ListWatchTimings } from './list-watch-timings.ts';
import { pathOf, type Resource } from './resource.ts';
import { WatchLoop } from './watch-loop.ts';
import { WatchCounters, type WatchStats } from './watch-stats.ts';
import { WatchedObjects } from './watched-objects.ts';

export interface ListWatchDependencies {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly timings: ListWatchTimings;
}

const DELIVERY_CONCURRENCY = 32;

/**
 * A copy of the objects in a scope that repairs itself and hands over every state. Three parts, each with its own pace:
 * the loop follows the server, the objects turn what it tells into states, the queue hands these over.
 */
export class ListWatch<T extends KubeObject> implements ObjectWatch<T> {
  readonly ready: Promise<void>;
  readonly #markReady: () => void;
  readonly #options: WatchOptions<T>;
  readonly #logger: Logger;
  readonly #counters = new WatchCounters();
  readonly #objects: WatchedObjects<T>;
  readonly #queue: DeliveryQueue<T>;
  readonly #loop: WatchLoop;
  #synced = false;
  #stopped = false;

  constructor(resource: Resource, options: WatchOptions<T>, { client, logger, timings }: ListWatchDependencies) {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.ready = promise;
    this.#markReady = () => {
      resolve(undefined);
    };
    this.#options = options;
    this.#logger = logger.child({ watch: resource.plural, ...options.scope });
    this.#queue = new DeliveryQueue<T>({
      deliver: options.onChange,
      backoffBaseMs: timings.redeliveryBaseMs,
      backoffCapMs: timings.redeliveryCapMs,
      concurrency: DELIVERY_CONCURRENCY,
      onFailure: (change, error, retryInMs) => {
        this.#counters.count('deliveryFailures');
        const { namespace, name, uid } = change.object.metadata;
        this.#logger.warn({ err: error, change: change.type, namespace, name, uid, retryInMs }, 'change not taken');
      },
    });
    this.#objects = new WatchedObjects<T>({
      project: options.project,
      onState: (object) => {
        this.#queue.offer(object);
      },
      onDeleted: (object, finalStateUnknown) => {
        this.#queue.offerDeleted(object, finalStateUnknown);
      },
      onStale: () => {
        this.#counters.count('staleEvents');
      },
      onProjectionFailure: (raw, error) => {
        this.#counters.count('projectionFailures');
        const { namespace, name, uid } = raw.metadata;
        this.#logger.error({ err: error, namespace, name, uid }, 'object left out: it could not be projected');
      },
    });
    const { scope } = options;
    this.#loop = new WatchLoop({
      client,
      logger: this.#logger,
      timings,
      scope,
      path: pathOf(resource, scope.namespace === undefined ? {} : { namespace: scope.namespace }),
      sink: this.#objects,
      counters: this.#counters,
      onFullSync: () => {
        this.#noteFullSync();
      },
    });
  }

  get synced(): boolean {
    return this.#synced;
  }

  get silentForMs(): number {
    return this.#loop.silentForMs;
  }

  values(): IterableIterator<T> {
    return this.#objects.store.values();
  }

  byUid(uid: string): T | undefined {
    return this.#objects.store.byUid(uid);
  }

  byName(namespace: string, name: string): T | undefined {
    return this.#objects.store.byName(namespace, name);
  }

  stats(): WatchStats {
    const { problem, lastFullSyncMs } = this.#loop;
    return {
      synced: this.#synced,
      objects: this.#objects.store.size,
      silentForMs: this.silentForMs,
      queueDepth: this.#queue.depth,
      ...this.#counters.snapshot(),
      ...(lastFullSyncMs === undefined ? {} : { lastFullSyncMs }),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([this.#loop.stop(), this.#queue.stop()]);
  }

  #noteFullSync(): void {
    this.#synced = true;
    this.#markReady();
    const { onSynced } = this.#options;
    if (onSynced === undefined) return;
    void this.#queue.attempted().then(() => {
      if (this.#stopped) return;
      try {
        onSynced();
      } catch (error) {
        this.#logger.error({ err: error }, 'the reader failed after a full sync');
      }
    });
  }
}
