import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectWatch, WatchOptions } from '../../ports/object-watch.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { Backoff } from './backoff.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import type { KubeClient } from './kube-client.ts';
import { between, type ListWatchTimings } from './list-watch-timings.ts';
import { pathOf, type Resource } from './resource.ts';
import { isOlder } from './resource-version.ts';
import { classifyEnd, StreamEndedByUs } from './watch-end.ts';
import type { DisconnectReason, FullSyncReason, WatchStats } from './watch-stats.ts';
import { isKubeObject, UnparseableLineError, watchStream, type WatchEvent } from './watch-stream.ts';
import { WatchedObjects } from './watched-objects.ts';

export interface ListWatchDependencies {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly timings: ListWatchTimings;
}

const PAGE_SIZE = 500;
const DELIVERY_CONCURRENCY = 32;

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * A copy of the objects in a scope that repairs itself: streams the initial set (or lists it in pages, where the server
 * cannot stream it), follows the changes, and after any failure goes on from the last version or reads everything again.
 * It ends only by `stop`.
 */
export class ListWatch<T extends KubeObject> implements ObjectWatch<T> {
  readonly ready: Promise<void>;
  readonly #options: WatchOptions<T>;
  readonly #resource: Resource;
  readonly #client: KubeClient;
  readonly #logger: Logger;
  readonly #timings: ListWatchTimings;
  readonly #objects: WatchedObjects<T>;
  readonly #queue: DeliveryQueue<T>;
  readonly #backoff: Backoff;
  readonly #stopped = new AbortController();
  readonly #markReady: () => void;
  readonly #fullSyncs: Partial<Record<FullSyncReason, number>> = {};
  readonly #disconnects: Partial<Record<DisconnectReason, number>> = {};
  readonly #counts = {
    events: 0,
    bookmarks: 0,
    staleEvents: 0,
    unparseableLines: 0,
    projectionFailures: 0,
    deliveryFailures: 0,
    listFallbacks: 0,
  };
  #loop: Promise<void> | undefined;
  #synced = false;
  #lastActivity = performance.now();
  #resourceVersion: string | undefined;
  #fullSyncReason: FullSyncReason = 'start';
  #fullSyncBegan = 0;
  #lastFullSyncMs: number | undefined;
  #resyncAt = Number.POSITIVE_INFINITY;
  #streamsInitialEvents = true;
  #problem: string | undefined;

  constructor(resource: Resource, options: WatchOptions<T>, { client, logger, timings }: ListWatchDependencies) {
    this.#resource = resource;
    this.#options = options;
    this.#client = client;
    this.#timings = timings;
    this.#logger = logger.child({ watch: resource.plural, ...options.scope });
    this.#backoff = new Backoff({ baseMs: timings.backoffBaseMs, capMs: timings.backoffCapMs });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.ready = promise;
    this.#markReady = () => {
      resolve(undefined);
    };
    this.#queue = new DeliveryQueue<T>({
      deliver: options.onChange,
      backoffBaseMs: timings.redeliveryBaseMs,
      backoffCapMs: timings.redeliveryCapMs,
      concurrency: DELIVERY_CONCURRENCY,
      onFailure: (change, error, retryInMs) => {
        this.#counts.deliveryFailures += 1;
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
      onStale: () => (this.#counts.staleEvents += 1),
      onProjectionFailure: (raw, error) => {
        this.#counts.projectionFailures += 1;
        const { namespace, name, uid } = raw.metadata;
        this.#logger.error({ err: error, namespace, name, uid }, 'object left out: it could not be projected');
      },
    });
  }

  get synced(): boolean {
    return this.#synced;
  }

  get silentForMs(): number {
    return performance.now() - this.#lastActivity;
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
    return {
      synced: this.#synced,
      objects: this.#objects.store.size,
      silentForMs: this.silentForMs,
      queueDepth: this.#queue.depth,
      ...this.#counts,
      fullSyncs: { ...this.#fullSyncs },
      disconnects: { ...this.#disconnects },
      ...(this.#lastFullSyncMs === undefined ? {} : { lastFullSyncMs: this.#lastFullSyncMs }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    };
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new StreamEndedByUs('stopped'));
    await Promise.all([this.#loop, this.#queue.stop()]);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const began = performance.now();
      let failure: unknown;
      try {
        await this.#follow();
      } catch (error) {
        failure = error;
      }
      if (signal.aborted) break;
      const delay = this.#afterEnd(failure, performance.now() - began);
      if (delay > 0) await sleep(delay, undefined, { signal }).catch(() => undefined);
    }
  }

  /** One connection: from where the last one ended, or everything. Returns when the server ends it cleanly. */
  async #follow(): Promise<void> {
    const resume = this.#resourceVersion !== undefined;
    if (resume) return this.#consume({ resourceVersion: this.#resourceVersion }, true);
    this.#objects.beginFullSync(this.#fullSyncReason === 'regression');
    this.#fullSyncBegan = performance.now();
    try {
      if (this.#streamsInitialEvents) {
        await this.#consume({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }, false);
        return;
      }
      await this.#listAll();
    } finally {
      this.#objects.abandonFullSync();
    }
    await this.#consume({ resourceVersion: this.#resourceVersion }, false);
  }

  async #consume(query: Query, resumed: boolean): Promise<void> {
    const ending = new AbortController();
    const timers = this.#checkPeriodically(ending, resumed);
    try {
      const events = watchStream(this.#client, {
        path: this.#path,
        query: {
          watch: true,
          allowWatchBookmarks: true,
          timeoutSeconds: Math.round(between(this.#timings.watchSeconds)),
          ...this.#selection,
          ...query,
        },
        signal: AbortSignal.any([this.#stopped.signal, ending.signal]),
        headersTimeoutMs: this.#timings.headersTimeoutMs,
        silenceMs: () =>
          this.#resourceVersion === undefined ? this.#timings.initialSilenceMs : this.#timings.silenceMs,
        onActivity: () => {
          this.#lastActivity = performance.now();
          this.#recovered();
        },
      });
      for await (const event of events) this.#take(event);
    } finally {
      timers.stop();
    }
  }

  #take(event: WatchEvent): void {
    if (event.type === 'BOOKMARK') {
      this.#counts.bookmarks += 1;
      if (event.initialEventsEnd && this.#resourceVersion === undefined) this.#endFullSync(event.resourceVersion);
      else this.#advance(event.resourceVersion);
      return;
    }
    this.#counts.events += 1;
    if (event.type === 'DELETED') this.#objects.deleted(event.object);
    else this.#objects.state(event.object);
    this.#advance(event.object.metadata.resourceVersion);
  }

  /** During the initial events there is no version to go on from: they come in no order. */
  #advance(resourceVersion: string): void {
    if (this.#resourceVersion === undefined || isOlder(resourceVersion, this.#resourceVersion)) return;
    this.#resourceVersion = resourceVersion;
  }

  async #listAll(): Promise<void> {
    this.#counts.listFallbacks += 1;
    let next: string | undefined;
    for (;;) {
      const page = await this.#client.request<ListPage>('GET', this.#path, {
        query: { limit: PAGE_SIZE, ...this.#selection, continue: next },
        signal: this.#stopped.signal,
      });
      this.#lastActivity = performance.now();
      for (const item of page.items ?? []) {
        const raw = { apiVersion: this.#options.scope.apiVersion, kind: this.#options.scope.kind, ...item };
        if (!isKubeObject(raw)) throw new UnparseableLineError(`an item of the list of ${this.#path} is no object`);
        this.#objects.state(raw);
      }
      next = page.metadata.continue;
      if (next === undefined || next === '') {
        this.#endFullSync(page.metadata.resourceVersion ?? '0');
        return;
      }
    }
  }

  #endFullSync(resourceVersion: string): void {
    this.#objects.endFullSync();
    this.#resourceVersion = resourceVersion;
    this.#fullSyncs[this.#fullSyncReason] = (this.#fullSyncs[this.#fullSyncReason] ?? 0) + 1;
    this.#lastFullSyncMs = performance.now() - this.#fullSyncBegan;
    this.#resyncAt = performance.now() + between(this.#timings.resyncEveryMs);
    this.#synced = true;
    this.#recovered();
    this.#logger.debug(
      { reason: this.#fullSyncReason, objects: this.#objects.store.size, tookMs: this.#lastFullSyncMs },
      'full sync',
    );
    this.#markReady();
    const { onSynced } = this.#options;
    if (onSynced === undefined) return;
    void this.#queue.attempted().then(() => {
      if (this.#stopped.signal.aborted) return;
      try {
        onSynced();
      } catch (error) {
        this.#logger.error({ err: error }, 'the reader failed after a full sync');
      }
    });
  }

  #requireFullSync(reason: FullSyncReason): void {
    this.#resourceVersion = undefined;
    this.#fullSyncReason = reason;
  }

  /** What the end of a connection means: counts it, decides how to go on, and returns how long to wait before. */
  #afterEnd(failure: unknown, livedMs: number): number {
    if (failure instanceof StreamEndedByUs) return 0; // who ended it said how to go on
    const short = livedMs < this.#timings.shortStreamMs;
    const end = classifyEnd(failure, short);
    this.#disconnects[end.reason] = (this.#disconnects[end.reason] ?? 0) + 1;
    if (livedMs >= this.#timings.healthyAfterMs) this.#backoff.reset();
    if (failure instanceof UnparseableLineError) {
      this.#counts.unparseableLines += 1;
      this.#requireFullSync('unparseable');
    } else if (end.expired && this.#resourceVersion !== undefined) this.#requireFullSync('expired');
    else if (this.#resourceVersion === undefined && end.refusesInitialEvents) this.#streamsInitialEvents = false;
    else if (this.#resourceVersion === undefined && !this.#streamsInitialEvents) this.#streamsInitialEvents = true;
    if (end.reason === 'closed') return 0;
    this.#report(end.message);
    return Math.max(this.#backoff.next(), Math.min(end.retryAfterMs ?? 0, this.#timings.retryAfterCapMs));
  }

  /** The probe for a version that has gone back, and the unconditional full sync. */
  #checkPeriodically(ending: AbortController, probeNow: boolean): { stop(): void } {
    const end = (reason: FullSyncReason): void => {
      this.#requireFullSync(reason);
      ending.abort(new StreamEndedByUs(reason));
    };
    const probe = async (): Promise<void> => {
      const ours = this.#resourceVersion;
      if (ours === undefined) return;
      if (performance.now() >= this.#resyncAt) {
        this.#streamsInitialEvents = true; // the server may have been upgraded since
        end('periodic');
        return;
      }
      try {
        const { metadata } = await this.#client.request<ListPage>('GET', this.#path, {
          query: { limit: 1, ...this.#selection },
          signal: AbortSignal.any([this.#stopped.signal, ending.signal]),
        });
        if (metadata.resourceVersion !== undefined && isOlder(metadata.resourceVersion, ours)) end('regression');
      } catch (error) {
        this.#logger.debug({ err: error }, 'version not checked'); // the stream itself notices what matters
      }
    };
    if (probeNow) void probe();
    const timer = setInterval(() => void probe(), Math.min(this.#timings.probeEveryMs, this.#timings.resyncEveryMs[0]));
    return {
      stop: () => {
        clearInterval(timer);
        ending.abort(new StreamEndedByUs('over'));
      },
    };
  }

  #report(problem: string): void {
    if (this.#problem === undefined) this.#logger.warn({ problem }, 'watch interrupted');
    else this.#logger.debug({ problem }, 'watch still interrupted');
    this.#problem = problem;
  }

  #recovered(): void {
    if (this.#problem === undefined || this.#resourceVersion === undefined) return;
    this.#problem = undefined;
    this.#logger.info('watch follows again');
  }

  get #path(): string {
    const { namespace } = this.#options.scope;
    return pathOf(this.#resource, namespace === undefined ? {} : { namespace });
  }

  get #selection(): Query {
    const { labelSelector, fieldSelector } = this.#options.scope;
    return { labelSelector, fieldSelector };
  }
}

interface ListPage {
  readonly items?: readonly object[];
  readonly metadata: { readonly continue?: string; readonly resourceVersion?: string };
}
