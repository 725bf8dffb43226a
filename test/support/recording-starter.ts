import type { ObjectRef } from '../../src/domain/target-ref.ts';
import { StepError } from '../../src/errors.ts';
import type { ActionSummary, WorkflowStarter, WorkflowState } from '../../src/ports/workflow-starter.ts';

/** A Temporal in memory: which workflows there are, and what each was told. Starts are idempotent, as the port demands. */
export class RecordingStarter implements WorkflowStarter {
  /** uid → state, for every workflow that was ever started. */
  readonly workflows = new Map<string, WorkflowState>();
  readonly summaries = new Map<string, ActionSummary>();
  /** `decision uid`, `deletion uid`: what running workflows were told. */
  readonly told: string[] = [];
  /** Every call that came, answered or not. */
  calls: string[] = [];
  /** Calls fail while it is set. */
  failure: StepError | undefined;
  /** Failures of single actions, by uid. */
  readonly refused = new Map<string, StepError>();

  goAway(message = 'connection refused'): void {
    this.failure = new StepError('Unavailable', message);
  }

  comeBack(): void {
    this.failure = undefined;
  }

  async startHealingAction({ uid }: ObjectRef, summary: ActionSummary): Promise<WorkflowState> {
    this.#answer('start', uid);
    this.summaries.set(uid, summary);
    const state = this.workflows.get(uid) ?? 'running';
    this.workflows.set(uid, state);
    return state;
  }

  async settleHealingAction({ uid }: ObjectRef): Promise<WorkflowState> {
    this.#answer('settle', uid);
    this.workflows.set(uid, 'running');
    return 'running';
  }

  async signalDecision({ uid }: ObjectRef): Promise<WorkflowState> {
    return this.#signal('decision', uid);
  }

  async cancel({ uid }: Pick<ObjectRef, 'uid'>): Promise<WorkflowState> {
    return this.#signal('deletion', uid);
  }

  async running(): Promise<readonly string[]> {
    this.#answer('list', '');
    return [...this.workflows].filter(([, state]) => state === 'running').map(([uid]) => uid);
  }

  async ping(): Promise<void> {
    this.#answer('ping', '');
  }

  #signal(what: string, uid: string): WorkflowState {
    this.#answer(what, uid);
    const state = this.workflows.get(uid) ?? 'closed';
    if (state === 'running') this.told.push(`${what} ${uid}`);
    return state;
  }

  #answer(call: string, uid: string): void {
    this.calls.push(`${call} ${uid}`.trim());
    const failure = this.failure ?? this.refused.get(uid);
    if (failure !== undefined) throw failure;
  }
}
