import { API_VERSION } from '../api/constants.ts';
import type { ClusterReader } from '../ports/cluster.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { ObjectChange, ObjectWatch, ObjectWatchPort } from '../ports/object-watch.ts';
import type { ActionRecords } from '../ports/records.ts';
import type { WorkflowStarter } from '../ports/workflow-starter.ts';
import type { Logger } from '../telemetry/logger.ts';
import { Handover, type HandoverDependencies } from './handover.ts';
import type { JobCluster } from './held-jobs.ts';
import { TemporalGate } from './temporal-gate.ts';
import { defaultTimings, type WatcherTimings } from './timings.ts';
import { projectAction, type WatchedAction } from './watched-action.ts';

export interface WatcherOptions {
  readonly watches: ObjectWatchPort;
  readonly starter: WorkflowStarter;
  readonly actions: Pick<ActionRecords, 'read' | 'list' | 'update' | 'release'>;
  readonly cluster: Pick<ClusterReader, 'get'> & JobCluster;
  readonly events: EventRecorder;
  readonly logger: Logger;
  /** Only what differs from {@link defaultTimings}. */
  readonly timings?: Partial<WatcherTimings>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

export interface WatcherStats {
  /** Actions that have not ended. */
  readonly unfinished: number;
  /** Unfinished actions whose workflow Temporal has not acknowledged yet. */
  readonly unacknowledged: number;
  /** Unfinished actions whose workflow has come to its end all the same; what lasts for a round is settled. */
  readonly stranded: number;
  /** Why nothing is handed over at present. */
  readonly problem?: string;
}

const AT_ONCE = 16;

/**
 * Hands every HealingAction over to its workflow, and tells the workflow when its approval or its deletion comes. Decides
 * nothing. Works by levels: what is to be told follows from the action as it is now, so a lost event costs nothing, and
 * doing it again (after a restart, a full sync, an outage of Temporal) does no harm.
 */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #timings: WatcherTimings;
  readonly #watch: ObjectWatch<WatchedAction>;
  readonly #gate: TemporalGate;
  readonly #dependencies: HandoverDependencies;
  readonly #handovers = new Map<string, Handover>();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #syncedBefore = false;
  /** Workflows without an action that were told so and have not ended yet. */
  readonly #orphans = new Set<string>();
  /** Those that looked stranded in the round before. */
  #suspects: ReadonlySet<string> = new Set();
  #stopped = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#timings = { ...defaultTimings, ...options.timings };
    this.#watch = options.watches.watch<WatchedAction>({
      scope: { apiVersion: API_VERSION, kind: 'HealingAction' },
      project: projectAction,
      onChange: (change) => this.#onChange(change),
      onSynced: () => {
        this.#noteSync();
      },
    });
    const { starter, actions, cluster, events, logger, now = Date.now } = options;
    const { probeBaseMs, probeCapMs, releaseAfterMs } = this.#timings;
    this.#gate = new TemporalGate({
      ping: () => starter.ping(),
      onOpen: () => {
        this.#verifyAll();
      },
      logger,
      probeBaseMs,
      probeCapMs,
    });
    this.#dependencies = { starter, actions, cluster, events, logger, now, releaseAfterMs, gate: this.#gate };
  }

  /** Resolves when everything that exists has been seen once. */
  get ready(): Promise<void> {
    return this.#watch.ready;
  }

  /** Milliseconds since the API server last said anything. */
  get silentForMs(): number {
    return this.#watch.silentForMs;
  }

  start(): void {
    this.#watch.start();
    this.#timer ??= setInterval(() => void this.#redrive(), this.#timings.redriveEveryMs);
  }

  /** Begins nothing more; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await Promise.all([this.#gate.stop(), this.#watch.stop()]);
    await Promise.allSettled([this.#sweeping, ...[...this.#handovers.values()].map(({ working }) => working)]);
  }

  stats(): WatcherStats {
    const unfinished = this.#unfinishedUids();
    const { problem } = this.#gate;
    return {
      unfinished: unfinished.length,
      unacknowledged: unfinished.filter((uid) => this.#handovers.get(uid)?.state === undefined).length,
      stranded: this.#strandedUids().length,
      ...(problem === undefined ? {} : { problem }),
    };
  }

  #unfinishedUids(): readonly string[] {
    return [...this.#watch.values()].filter(({ terminal }) => !terminal).map(({ metadata }) => metadata.uid);
  }

  #strandedUids(): readonly string[] {
    return this.#unfinishedUids().filter((uid) => this.#handovers.get(uid)?.state === 'closed');
  }

  async #onChange({ type, object }: ObjectChange<WatchedAction>): Promise<void> {
    const handover = this.#handoverOf(object.metadata.uid);
    if (type === 'deleted' && !object.terminal) handover.noteGone();
    await this.#proceed(handover);
  }

  #handoverOf(uid: string): Handover {
    const known = this.#handovers.get(uid);
    if (known !== undefined) return known;
    const handover = new Handover(uid, () => this.#watch.byUid(uid), this.#dependencies);
    this.#handovers.set(uid, handover);
    return handover;
  }

  async #proceed(handover: Handover): Promise<void> {
    if (this.#stopped) return;
    await handover.proceed();
    if (handover.over) this.#handovers.delete(handover.uid);
  }

  #noteSync(): void {
    if (this.#syncedBefore) this.#verifyAll();
    else void this.#sweep(); // each action has just been handed over
    this.#syncedBefore = true;
  }

  /** Everything is told once more: Temporal or the API server may have lost or missed something. */
  #verifyAll(): void {
    for (const handover of this.#handovers.values()) handover.doubt();
    void this.#proceedAll();
    void this.#sweep();
  }

  async #redrive(): Promise<void> {
    await this.#sweep();
    await this.#proceedAll();
    await this.#settleStranded();
  }

  /** The watch may be behind: what has just ended looks unfinished for a while. */
  async #settleStranded(): Promise<void> {
    const suspects = this.#strandedUids();
    const stranded = suspects.filter((uid) => this.#suspects.has(uid));
    this.#suspects = new Set(suspects);
    if (stranded.length === 0) return;
    this.#options.logger.warn(
      { stranded: stranded.length },
      'workflows came to their end, and their actions did not: they are looked into once more',
    );
    for (const uid of stranded) {
      if (this.#stopped) return;
      await this.#handovers.get(uid)?.settle().catch(this.#notHandedOver(uid));
    }
  }

  async #compare(): Promise<void> {
    const acknowledged = [...this.#handovers.values()].filter(({ state }) => state === 'running');
    if (this.#stopped || !this.#gate.open) return;
    const running = new Set(await this.#options.starter.running());
    // A Temporal that comes back empty within a moment fails no call: only what it no longer has tells that it lost it.
    // One that has just ended, or is too new for the list, is started once more to no effect.
    for (const handover of acknowledged) if (!running.has(handover.uid)) handover.doubt();
    await this.#tellOrphans(running);
  }

  async #proceedAll(): Promise<void> {
    for (const { metadata } of this.#watch.values()) this.#handoverOf(metadata.uid);
    const handovers = [...this.#handovers.values()].values();
    const proceed = async (): Promise<void> => {
      for (const handover of handovers) await this.#proceed(handover).catch(this.#notHandedOver(handover.uid));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, proceed));
  }

  readonly #notHandedOver =
    (uid: string) =>
    (error: unknown): void => {
      this.#options.logger.warn({ err: error, uid }, 'action not handed over');
    };

  /** Looks for workflows that Temporal has lost, and for those whose action went away while nobody watched. */
  #sweep(): Promise<void> {
    this.#sweeping ??= this.#compare()
      .catch((error: unknown) => {
        this.#options.logger.debug({ err: error }, 'workflows not compared with actions');
      })
      .finally(() => {
        this.#sweeping = undefined;
      });
    return this.#sweeping;
  }

  /** Workflows begin after their actions: one whose action is not in a list that was made later has lost it. */
  async #tellOrphans(running: ReadonlySet<string>): Promise<void> {
    const { starter, actions, logger } = this.#options;
    for (const uid of this.#orphans) if (!running.has(uid)) this.#orphans.delete(uid);
    const unknown = [...running].filter(
      (uid) => this.#watch.byUid(uid) === undefined && !this.#handovers.has(uid) && !this.#orphans.has(uid),
    );
    if (unknown.length === 0) return;
    // The watch may be behind, and not know the newest.
    const existing = new Set((await actions.list()).map(({ metadata }) => metadata.uid));
    const orphans = unknown.filter((uid) => !existing.has(uid));
    for (const uid of orphans) {
      if (this.#stopped) return;
      await starter.cancel({ uid });
      this.#orphans.add(uid);
    }
    if (orphans.length > 0) logger.info({ count: orphans.length }, 'workflows told that their actions are gone');
  }
}
