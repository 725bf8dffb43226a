import type { ObjectRef } from '../domain/target-ref.ts';

/** What lists of workflows show of an action before its workflow has done anything. */
export interface ActionSummary {
  /** One line: `restart Deployment shop/cart`. */
  readonly line: string;
  /** `namespace/name`. */
  readonly policy: string;
  readonly targetNamespace: string;
  /** `Kind/namespace/name`. */
  readonly target: string;
  /** Type of the action: `restart`. */
  readonly action: string;
}

/** `closed`: the action's workflow has come to its end and will do nothing more. */
export type WorkflowState = 'running' | 'closed';

/**
 * One durable workflow per HealingAction, by the uid of the action. Everything here is safe to repeat, and to do in several
 * processes at once. Rejects with a StepError: `Unavailable` or `Forbidden` when Temporal did not take it, `Invalid` when
 * it never will.
 */
export interface WorkflowStarter {
  /**
   * Starts the action's workflow if there never was one. One that was ended from outside (terminated in Temporal) is
   * started once more, to bring what it has begun to its end, and to begin nothing.
   */
  startHealingAction(action: ObjectRef, summary: ActionSummary): Promise<WorkflowState>;
  /** The same once more for one that came to its own end, although its action has not (a cluster restored from a backup). */
  settleHealingAction(action: ObjectRef, summary: ActionSummary): Promise<WorkflowState>;
  /** Tells that `spec.approval` was written; the workflow reads it itself. */
  signalDecision(action: ObjectRef): Promise<WorkflowState>;
  /** Tells that the action is being deleted, or is gone. */
  cancel(action: Pick<ObjectRef, 'uid'>): Promise<WorkflowState>;
  /** Uids of the actions whose workflows are running. */
  running(): Promise<readonly string[]>;
  /** Resolves when Temporal answers. */
  ping(): Promise<void>;
}
