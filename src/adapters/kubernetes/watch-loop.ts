import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeObject } from '../../api/meta.ts';
import type { WatchScope } from '../../ports/object-watch.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { Backoff } from '../../domain/backoff.ts';
import type { KubeClient } from './kube-client.ts';
import { between, type ListWatchTimings } from './list-watch-timings.ts';
import { pagedList } from './paged-list.ts';
import { isOlder } from './resource-version.ts';
import { VersionCheck } from './version-check.ts';
import { classifyEnd, EarlyEndError, refusesInitialEvents, StreamEndedByUs } from './watch-end.ts';
import type { FullSyncReason, WatchCounters } from './watch-stats.ts';
import { UnparseableLineError, watchStream, type WatchEvent } from './watch-stream.ts';

/** Where the loop puts what the server tells. */
export interface WatchSink {
  beginFullSync(distrustVersions: boolean): void;
  endFullSync(): void;
  abandonFullSync(): void;
  state(raw: KubeObject): void;
  deleted(raw: KubeObject): void;
}

export interface WatchLoopOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  readonly timings: ListWatchTimings;
  readonly scope: WatchScope;
  /** Path of the collection. */
  readonly path: string;
  readonly sink: WatchSink;
  readonly counters: WatchCounters;
  readonly onFullSync: () => void;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Connects, and connects again, until it is stopped: reads everything once, follows from there, and after a failure goes
 * on from the last version, or reads everything again where that is no use.
 */
export class WatchLoop {
  readonly #options: WatchLoopOptions;
  readonly #timings: ListWatchTimings;
  readonly #backoff: Backoff;
  readonly #stop = new AbortController();
  readonly #selection: { readonly labelSelector: string | undefined; readonly fieldSelector: string | undefined };
  #running: Promise<void> | undefined;
  /** Where to go on. Undefined: everything must be read first. Opaque but for comparison with a later one. */
  #resourceVersion: string | undefined;
  #fullSyncReason: FullSyncReason = 'start';
  #fullSyncBegan = 0;
  #fullSyncEnded = 0;
  #resyncAt = Number.POSITIVE_INFINITY;
  #streamsInitialEvents = true;
  #lastActivity = performance.now();

  /** Milliseconds that the last full sync took. */
  lastFullSyncMs: number | undefined;
  /** What keeps the loop from following, while something does. */
  problem: string | undefined;

  constructor(options: WatchLoopOptions) {
    this.#options = options;
    this.#timings = options.timings;
    this.#backoff = new Backoff({ baseMs: this.#timings.backoffBaseMs, capMs: this.#timings.backoffCapMs });
    const { labelSelector, fieldSelector } = options.scope;
    this.#selection = { labelSelector, fieldSelector };
  }

  get silentForMs(): number {
    return performance.now() - this.#lastActivity;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stop.abort(new StreamEndedByUs('stopped'));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!this.#stopping()) {
      const began = performance.now();
      let pause = 0;
      try {
        await this.#connect();
        if (performance.now() - began < this.#timings.shortStreamMs)
          throw new EarlyEndError('the server ended the watch at once');
        this.#options.counters.countDisconnect('closed');
      } catch (failure) {
        if (!this.#stopping() && !(failure instanceof StreamEndedByUs)) pause = this.#afterFailure(failure);
      }
      if (performance.now() - began >= this.#timings.healthyAfterMs) this.#backoff.reset();
      if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Returns when the server ends the stream cleanly. */
  async #connect(): Promise<void> {
    if (this.#resourceVersion !== undefined) return this.#consume({ resourceVersion: this.#resourceVersion }, true);
    try {
      if (await this.#streamEverything()) return;
      await this.#listEverything();
    } finally {
      this.#options.sink.abandonFullSync(); // without effect on a sync that has ended
    }
    await this.#consume({ resourceVersion: this.#resourceVersion }, false);
  }

  /** True when the stream told everything, and then the changes until it ended; false when the server cannot do that. */
  async #streamEverything(): Promise<boolean> {
    if (!this.#streamsInitialEvents) return false;
    this.#beginFullSync();
    try {
      await this.#consume({ sendInitialEvents: true, resourceVersionMatch: 'NotOlderThan' }, false);
      if (!this.#followsVersion()) throw new EarlyEndError('the server ended the watch before the initial events');
      return true;
    } catch (failure) {
      if (this.#stopping() || this.#followsVersion() || !refusesInitialEvents(failure)) throw failure;
      this.#options.logger.info({ err: failure }, 'initial events cannot be streamed: listing them');
      this.#streamsInitialEvents = false;
      return false;
    }
  }

  async #listEverything(): Promise<void> {
    const { client, path, scope, counters, sink } = this.#options;
    this.#beginFullSync();
    counters.count('listFallbacks');
    const { apiVersion, kind } = scope;
    const pages = pagedList(client, {
      path,
      apiVersion,
      kind,
      query: this.#selection,
      signal: this.#stop.signal,
      timeoutMs: this.#timings.pageTimeoutMs,
    });
    let resourceVersion: string | undefined;
    for await (const page of pages) {
      this.#noteActivity();
      for (const item of page.items) sink.state(item);
      resourceVersion = page.resourceVersion;
    }
    if (resourceVersion !== undefined) this.#endFullSync(resourceVersion);
  }

  async #consume(query: Query, resumed: boolean): Promise<void> {
    const { client, path } = this.#options;
    const ending = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, ending.signal]);
    const check = this.#checkVersion(ending, signal, resumed);
    try {
      const events = watchStream(client, {
        path,
        query: {
          watch: true,
          allowWatchBookmarks: true,
          timeoutSeconds: Math.round(between(this.#timings.watchSeconds)),
          ...this.#selection,
          ...query,
        },
        signal,
        headersTimeoutMs: this.#timings.headersTimeoutMs,
        silenceMs: () => (this.#followsVersion() ? this.#timings.silenceMs : this.#timings.initialSilenceMs),
        onActivity: () => {
          this.#noteActivity();
        },
      });
      for await (const event of events) this.#take(event);
    } finally {
      check.stop();
      ending.abort(new StreamEndedByUs('over'));
    }
  }

  #take(event: WatchEvent): void {
    const { counters, sink } = this.#options;
    if (event.type === 'BOOKMARK') {
      counters.count('bookmarks');
      if (event.initialEventsEnd && !this.#followsVersion()) this.#endFullSync(event.resourceVersion);
      else this.#advance(event.resourceVersion);
      return;
    }
    counters.count('events');
    if (event.type === 'DELETED') sink.deleted(event.object);
    else sink.state(event.object);
    this.#advance(event.object.metadata.resourceVersion);
  }

  /** Only forwards, and not during the initial events: they come in no order, so none is a place to go on from. */
  #advance(resourceVersion: string): void {
    if (this.#resourceVersion === undefined || isOlder(resourceVersion, this.#resourceVersion)) return;
    this.#resourceVersion = resourceVersion;
  }

  #stopping(): boolean {
    return this.#stop.signal.aborted;
  }

  #followsVersion(): boolean {
    return this.#resourceVersion !== undefined;
  }

  /** Milliseconds since the last full sync, while there is a version to go on from. */
  #followedFor(): number {
    return this.#followsVersion() ? performance.now() - this.#fullSyncEnded : 0;
  }

  #beginFullSync(): void {
    this.#fullSyncBegan = performance.now();
    this.#options.sink.beginFullSync(this.#fullSyncReason === 'regression');
  }

  #endFullSync(resourceVersion: string): void {
    this.#options.sink.endFullSync();
    this.#options.counters.countFullSync(this.#fullSyncReason);
    this.#resourceVersion = resourceVersion;
    this.#fullSyncEnded = performance.now();
    this.lastFullSyncMs = this.#fullSyncEnded - this.#fullSyncBegan;
    this.#resyncAt = this.#fullSyncEnded + between(this.#timings.resyncEveryMs);
    this.#noteActivity();
    this.#options.logger.debug({ reason: this.#fullSyncReason, tookMs: Math.round(this.lastFullSyncMs) }, 'full sync');
    this.#options.onFullSync();
  }

  #requireFullSync(reason: FullSyncReason): void {
    this.#resourceVersion = undefined;
    this.#fullSyncReason = reason;
  }

  /** Ends the stream when the server's version went back, and when the time for a full sync has come. */
  #checkVersion(ending: AbortController, signal: AbortSignal, now: boolean): VersionCheck {
    const { client, path, logger } = this.#options;
    const requireFullSync = (reason: FullSyncReason): void => {
      this.#requireFullSync(reason);
      ending.abort(new StreamEndedByUs(reason));
    };
    return new VersionCheck({
      client,
      path,
      query: this.#selection,
      signal,
      everyMs: this.#timings.probeEveryMs,
      now,
      ours: () => this.#resourceVersion,
      onBack: (theirs, ours) => {
        logger.warn({ theirs, ours }, 'the API server went back in its history: reading everything again');
        requireFullSync('regression');
      },
      onChecked: () => {
        if (!this.#followsVersion() || performance.now() < this.#resyncAt) return;
        this.#streamsInitialEvents = true; // the server may have been upgraded since
        requireFullSync('periodic');
      },
    });
  }

  /** Milliseconds to wait before the next connection. */
  #afterFailure(failure: unknown): number {
    const end = classifyEnd(failure);
    this.#options.counters.countDisconnect(end.reason);
    if (end.fullSync === 'expired' && this.#followedFor() >= this.#timings.shortStreamMs) {
      // Routine after every restart of the API server. Not twice in a row: that would be a loop without a pause.
      this.#requireFullSync('expired');
      return 0;
    }
    if (failure instanceof UnparseableLineError) this.#options.counters.count('unparseableLines');
    if (end.fullSync !== undefined && this.#followsVersion()) this.#requireFullSync(end.fullSync);
    const pause = Math.max(this.#backoff.next(), Math.min(end.retryAfterMs ?? 0, this.#timings.retryAfterCapMs));
    const details = { reason: end.reason, problem: end.message, retryInMs: Math.round(pause) };
    // Once, aloud: the same problem may last for hours.
    if (this.problem === undefined) this.#options.logger.warn(details, 'watch interrupted');
    else this.#options.logger.debug(details, 'watch still interrupted');
    this.problem = end.message;
    return pause;
  }

  #noteActivity(): void {
    this.#lastActivity = performance.now();
    if (this.problem === undefined || !this.#followsVersion()) return;
    this.problem = undefined;
    this.#options.logger.info('watch follows again');
  }
}
