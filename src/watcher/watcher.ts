import { API_VERSION } from '../api/constants.ts';
import { StepError } from '../errors.ts';
import type { ClusterReader } from '../ports/cluster.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { ObjectChange, ObjectWatch, ObjectWatchPort } from '../ports/object-watch.ts';
import type { ActionRecords } from '../ports/records.ts';
import type { WorkflowStarter, WorkflowState } from '../ports/workflow-starter.ts';
import type { Logger } from '../telemetry/logger.ts';
import { releaseAbandoned, type Abandonment } from './deletion.ts';
import { TemporalGate } from './temporal-gate.ts';
import { defaultTimings, type WatcherTimings } from './timings.ts';
import { markUnreachable } from './unreachable-mark.ts';
import { projectAction, refOf, type WatchedAction } from './watched-action.ts';

export interface WatcherOptions {
  readonly watches: ObjectWatchPort;
  readonly starter: WorkflowStarter;
  readonly actions: ActionRecords;
  readonly cluster: Pick<ClusterReader, 'get'>;
  readonly events: EventRecorder;
  readonly logger: Logger;
  /** Only what differs from {@link defaultTimings}. */
  readonly timings?: Partial<WatcherTimings>;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** What the watcher knows to have been told to Temporal about one action; forgotten at every doubt. */
interface Told {
  state?: WorkflowState;
  approval?: string;
  deletion: boolean;
  markedUnreachable: boolean;
  working?: Promise<void>;
  again: boolean;
}

export interface WatcherStats {
  /** Actions that have not ended. */
  readonly unfinished: number;
  /** Unfinished actions whose workflow Temporal has not acknowledged yet. */
  readonly unacknowledged: number;
  /** Unfinished actions whose workflow has ended without a result: somebody has to look at them. */
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
  readonly #now: () => number;
  readonly #watch: ObjectWatch<WatchedAction>;
  readonly #gate: TemporalGate;
  readonly #told = new Map<string, Told>();
  #redrive: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #stopped = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#timings = { ...defaultTimings, ...options.timings };
    this.#now = options.now ?? Date.now;
    this.#watch = options.watches.watch<WatchedAction>({
      scope: { apiVersion: API_VERSION, kind: 'HealingAction' },
      project: projectAction,
      onChange: (change) => this.#onChange(change),
      onSynced: () => {
        this.#verifyAll();
      },
    });
    this.#gate = new TemporalGate({
      ping: () => options.starter.ping(),
      onOpen: () => {
        this.#verifyAll();
      },
      logger: options.logger,
      probeBaseMs: this.#timings.probeBaseMs,
      probeCapMs: this.#timings.probeCapMs,
    });
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
    this.#redrive ??= setInterval(() => void this.#driveAll(), this.#timings.redriveEveryMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#redrive);
    this.#gate.stop();
    await this.#watch.stop();
    await Promise.allSettled([this.#sweeping, ...[...this.#told.values()].map(({ working }) => working)]);
  }

  stats(): WatcherStats {
    const unfinished = [...this.#watch.values()].filter(({ terminal }) => !terminal);
    const states = unfinished.map(({ metadata: { uid } }) => this.#told.get(uid)?.state);
    const { problem } = this.#gate;
    return {
      unfinished: unfinished.length,
      unacknowledged: states.filter((state) => state === undefined).length,
      stranded: states.filter((state) => state === 'closed').length,
      ...(problem === undefined ? {} : { problem }),
    };
  }

  async #onChange(change: ObjectChange<WatchedAction>): Promise<void> {
    const { uid } = change.object.metadata;
    if (change.type !== 'deleted') return this.#drive(uid);
    this.#told.delete(uid);
    // It was not held, so it had no effect, or somebody has torn it away; its workflow has to hear of it.
    if (!change.object.terminal) await this.#options.starter.cancel(change.object.metadata);
  }

  /** Everything is told once more: Temporal or the API server may have lost or missed something. */
  #verifyAll(): void {
    for (const told of this.#told.values()) {
      delete told.state;
      told.deletion = false;
    }
    void this.#driveAll();
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
  }

  async #driveAll(): Promise<void> {
    const uids = this.#watch.values().map(({ metadata: { uid } }) => uid);
    const drive = async (): Promise<void> => {
      for (const uid of uids) {
        if (this.#stopped) return;
        await this.#drive(uid).catch((error: unknown) => {
          this.#options.logger.warn({ err: error, uid }, 'action not handed over');
        });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, drive));
  }

  /** Tells what is to be told about one action; one run per action at a time, and one more when asked meanwhile. */
  #drive(uid: string): Promise<void> {
    const told = this.#told.get(uid) ?? { deletion: false, markedUnreachable: false, again: false };
    this.#told.set(uid, told);
    told.again = true;
    told.working ??= this.#work(uid, told).finally(() => {
      delete told.working;
    });
    return told.working;
  }

  async #work(uid: string, told: Told): Promise<void> {
    while (told.again && !this.#stopped) {
      told.again = false;
      const action = this.#watch.byUid(uid);
      if (action === undefined) return;
      try {
        if (this.#gate.open) await this.#tell(action, told);
      } catch (error) {
        if (!(error instanceof StepError) || !error.retryable) throw error;
        this.#gate.shut(error.message);
      }
      if (!this.#gate.open) await this.#waitFor(action, told, this.#gate.problem ?? '');
    }
  }

  async #tell(action: WatchedAction, told: Told): Promise<void> {
    const { starter, logger } = this.#options;
    const ref = refOf(action);
    const isDeleted = action.metadata.deletionTimestamp !== undefined;
    if (action.terminal && !(isDeleted && action.held)) return;
    if (told.state === undefined && !action.terminal) {
      told.state = await starter.startHealingAction(ref, action.summary);
      this.#gate.noteSuccess();
      if (told.state === 'closed') logger.warn({ ...ref }, 'the workflow of an unfinished action has ended');
    }
    if (action.approval !== undefined && action.approval !== told.approval && told.state === 'running') {
      told.state = await starter.signalDecision(ref);
      told.approval = action.approval;
    }
    if (!isDeleted) return;
    if (!told.deletion) {
      told.state = await starter.cancel(ref);
      told.deletion = true;
    }
    if (action.held && told.state === 'closed') await this.#release(action, 'closed');
  }

  /** While Temporal is away. */
  async #waitFor(action: WatchedAction, told: Told, problem: string): Promise<void> {
    if (action.metadata.deletionTimestamp !== undefined) {
      if (action.held) await this.#release(action, 'unreachable');
    } else if (!action.terminal && !action.accepted && !told.markedUnreachable) {
      await markUnreachable(this.#options.actions, refOf(action), problem, new Date(this.#now()));
      told.markedUnreachable = true;
    }
  }

  async #release(action: WatchedAction, abandonment: Abandonment): Promise<void> {
    const { actions, cluster, events, logger } = this.#options;
    const { releaseAfterMs } = this.#timings;
    const ref = refOf(action);
    const why = await releaseAbandoned({ actions, cluster, events, releaseAfterMs, now: this.#now }, ref, abandonment);
    if (why !== undefined) logger.warn({ ...ref, abandonment, why }, 'finalizer removed');
  }

  /** Workflows whose action went away while nobody watched. */
  async #sweep(): Promise<void> {
    const { starter, logger } = this.#options;
    try {
      for await (const uid of starter.running(this.#timings.orphanAfterMs)) {
        if (this.#stopped || !this.#watch.synced) return;
        if (this.#watch.byUid(uid) === undefined) await starter.cancel({ uid });
      }
    } catch (error) {
      logger.debug({ err: error }, 'workflows without an action not looked for'); // the next sync or recovery does
    }
  }
}
