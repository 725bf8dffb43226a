import { StepError } from '../errors.ts';
import type { ClusterReader } from '../ports/cluster.ts';
import type { EventRecorder } from '../ports/event-recorder.ts';
import type { ActionRecords } from '../ports/records.ts';
import type { WorkflowStarter, WorkflowState } from '../ports/workflow-starter.ts';
import type { Logger } from '../telemetry/logger.ts';
import { releaseAbandoned, type Abandonment } from './deletion.ts';
import type { JobCluster } from './held-jobs.ts';
import type { TemporalGate } from './temporal-gate.ts';
import { markUnreachable } from './unreachable-mark.ts';
import { refOf, type WatchedAction } from './watched-action.ts';

export interface HandoverDependencies {
  readonly starter: WorkflowStarter;
  readonly actions: Pick<ActionRecords, 'read' | 'update' | 'release'>;
  readonly cluster: Pick<ClusterReader, 'get'> & JobCluster;
  readonly events: EventRecorder;
  readonly logger: Logger;
  readonly gate: TemporalGate;
  readonly releaseAfterMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * What one HealingAction's workflow has been told, and what is still to be told: that it shall begin, that its approval was
 * written, that the action is being deleted or is gone. Follows from the action as it is, so that it can be asked at any
 * time and as often as one likes.
 */
export class Handover {
  readonly uid: string;
  readonly #dependencies: HandoverDependencies;
  readonly #current: () => WatchedAction | undefined;
  #state: WorkflowState | undefined;
  #approval: string | undefined;
  #deletionTold = false;
  #markedUnreachable = false;
  #goneUnfinished = false;
  #working: Promise<void> | undefined;
  #again = false;

  /** `current` is the action as it is now; undefined once it is gone. */
  constructor(uid: string, current: () => WatchedAction | undefined, dependencies: HandoverDependencies) {
    this.uid = uid;
    this.#current = current;
    this.#dependencies = dependencies;
  }

  /** Of the workflow; undefined while Temporal has not acknowledged it. */
  get state(): WorkflowState | undefined {
    return this.#state;
  }

  get working(): Promise<void> | undefined {
    return this.#working;
  }

  /** Nothing is left to be told, and nothing will be. */
  get over(): boolean {
    return this.#working === undefined && !this.#goneUnfinished && this.#current() === undefined;
  }

  /** The action went away before it had ended: nothing held it, or somebody has torn it away. */
  noteGone(): void {
    this.#goneUnfinished = true;
  }

  /** Temporal may have lost what it was told. */
  doubt(): void {
    this.#state = undefined;
    this.#deletionTold = false;
  }

  /** Tells what is to be told; one run at a time, and one more when asked meanwhile. */
  proceed(): Promise<void> {
    this.#again = true;
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  async #work(): Promise<void> {
    const { gate } = this.#dependencies;
    while (this.#again) {
      this.#again = false;
      const action = this.#current();
      try {
        if (gate.open) await (action === undefined ? this.#tellGone() : this.#tell(action));
      } catch (error) {
        if (gate.open) throw error; // else all is told again when Temporal comes back
      }
      if (action !== undefined && !gate.open) await this.#waitForTemporal(action, gate.problem ?? '');
    }
  }

  async #tell(action: WatchedAction): Promise<void> {
    const { starter } = this.#dependencies;
    const ref = refOf(action);
    const isDeleted = action.metadata.deletionTimestamp !== undefined;
    if (action.terminal && !(isDeleted && action.held)) return;
    if (!action.terminal) await this.#begin(action);
    if (action.approval !== undefined && action.approval !== this.#approval && this.#state === 'running') {
      this.#state = await this.#say(() => starter.signalDecision(ref));
      if (this.#state === 'running') this.#approval = action.approval;
    }
    if (!isDeleted) return;
    if (!this.#deletionTold) {
      this.#state = await this.#say(() => starter.cancel(ref));
      this.#deletionTold = true;
      if (!action.terminal) await this.#begin(action); // if it was closed, it is not there to be told
    }
    if (action.held && this.#state === 'closed') await this.#release(action, 'closed');
  }

  /** Also a workflow that is closed while its action is unfinished: if it was terminated, it is to be settled. */
  async #begin(action: WatchedAction): Promise<void> {
    if (this.#state === 'running') return;
    this.#state = await this.#say(() => this.#dependencies.starter.startHealingAction(refOf(action), action.summary));
  }

  /** Its workflow came to its own end, and the action is still unfinished in a later round. */
  async settle(): Promise<void> {
    await this.#working?.catch(() => undefined); // what it fails of is told to whoever asked for it
    const action = this.#current();
    if (this.#state !== 'closed' || action === undefined || action.terminal) return;
    const { starter } = this.#dependencies;
    this.#state = await this.#say(() => starter.settleHealingAction(refOf(action), action.summary));
  }

  async #tellGone(): Promise<void> {
    if (this.#goneUnfinished) await this.#say(() => this.#dependencies.starter.cancel({ uid: this.uid }));
    this.#goneUnfinished = false;
  }

  async #say<T>(call: () => Promise<T>): Promise<T> {
    const { gate } = this.#dependencies;
    try {
      const answer = await call();
      gate.noteSuccess();
      return answer;
    } catch (error) {
      if (error instanceof StepError && error.retryable) gate.shut(error.message);
      throw error;
    }
  }

  async #waitForTemporal(action: WatchedAction, problem: string): Promise<void> {
    if (action.metadata.deletionTimestamp !== undefined) {
      if (action.held) await this.#release(action, 'unreachable');
    } else if (this.#state === undefined && !action.terminal && !action.accepted && !this.#markedUnreachable) {
      const { actions, now } = this.#dependencies;
      await markUnreachable(actions, refOf(action), problem, new Date(now()));
      this.#markedUnreachable = true;
    }
  }

  async #release(action: WatchedAction, abandonment: Abandonment): Promise<void> {
    const ref = refOf(action);
    const why = await releaseAbandoned(this.#dependencies, ref, abandonment);
    if (why !== undefined) this.#dependencies.logger.warn({ ...ref, abandonment, why }, 'finalizer removed');
  }
}
