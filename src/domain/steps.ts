import type { ApprovalDemands, Decision } from './approval.ts';
import type { Outcome } from './outcome.ts';
import type { ReservationAnswer, ReservationRequest } from './ledger.ts';
import type { RetryRules } from './retry.ts';
import type { VerificationRules } from './verdict.ts';

/** What the steps of a healing tell each other. Small: bodies stay in the API server, these are references and rules. */

export interface Ended {
  readonly result: 'ended';
  readonly outcome: Outcome;
}

export const ended = (reason: Outcome['reason'], message: string): Ended => ({
  result: 'ended',
  outcome: { reason, message },
});

/** An earlier life of the healing has left nothing that could have had an effect. */
export interface NothingBegun {
  readonly result: 'nothing-begun';
}

/** The rules of one plan, resolved from action and policy when it was made. */
export interface AcceptedPlan {
  readonly result: 'accepted';
  readonly planDigest: string;
  /** One line: what will change. */
  readonly summary: string;
  readonly dryRun: boolean;
  /** The effect of an earlier life was found in the action's record: nothing is asked or reserved again. */
  readonly resumed: boolean;
  /** What an earlier life found when it looked whether the effect had healed: it had not. */
  readonly failure?: string;
  readonly approval: ApprovalRules;
  readonly reservation: ReservationRequest;
  readonly verification: VerificationRules;
  /** From reservation to the end of verification, in milliseconds; human waits are not counted. */
  readonly timeoutMs: number;
  readonly retry: RetryRules;
  /** `spec.expiresAt` in milliseconds since the epoch: later than this nothing is waited for, and nothing is begun. */
  readonly expiresAt?: number;
  readonly reversible: boolean;
  /** What was done in the same step because nobody has to be asked first. */
  readonly ahead?: Ahead;
}

/** The analysis of a plan, and, where it says to act, what the ledger answered. */
export interface Ahead {
  readonly analysis: AnalysisResult;
  readonly slot?: SlotAnswer;
}

export interface ApprovalRules extends ApprovalDemands {
  readonly required: boolean;
  /** For people: who or what demands it. */
  readonly why: string;
  readonly timeoutMs: number;
}

/** A person was asked; `expiresAt` (ISO 8601) ends the wait for an answer. */
export interface Asked {
  readonly result: 'asked';
  readonly expiresAt: string;
}

/** What came of a step that asked the ledger; `gone`: whoever asked is not there any more. */
export type SlotAnswer = ReservationAnswer | { readonly granted: false; readonly gone: true; readonly message: string };

/** What became of a decision; `void` when it does not hold any more or came too late, `none` where there is none. */
export type DecisionRecord =
  { readonly result: 'recorded' | 'void'; readonly decision: Decision } | { readonly result: 'none' } | Ended;

/** A try that failed, and the one that comes after it. */
export interface PendingRetry {
  /** All so far. */
  readonly tries: number;
  /** Of those that `retryPolicy` allows, since an operator last ordered some. */
  readonly used: number;
  readonly of: number;
  readonly why: string;
  /** Milliseconds since the epoch. */
  readonly nextAt: number;
}

export interface AnalysisResult {
  /** `act`: do what is planned. `abstain`: a person must look at it first. */
  readonly choice: 'act' | 'abstain';
  readonly reason: string;
}

/** Which try at the effect is ordered, and how. */
export interface EffectOrder {
  /** From 1; what Temporal repeats of one try is the same try. */
  readonly tries: number;
  /** The number in the marker: raised only when an operator orders another try. */
  readonly claim: number;
  /** The action was accepted as a dry run, and stays one. */
  readonly dryRun: boolean;
}

export type ExecutionResult =
  | { readonly result: 'executed'; readonly changed: boolean; readonly baseline: Baseline }
  /** The target moved on since the plan was made: plan again. */
  | { readonly result: 'drifted'; readonly message: string }
  /** A write lost a race: look again at once. `unclaimed`: it was the one that comes before the claim. */
  | { readonly result: 'conflict'; readonly message: string; readonly unclaimed?: true }
  /** One part of the effect is done, or has to wait for the world: go on after the pause. */
  | { readonly result: 'continues'; readonly message: string; readonly retryAfterMs: number }
  /** Refused for now, e.g. by a PodDisruptionBudget: this try is over. */
  | { readonly result: 'blocked'; readonly message: string }
  | Ended;

/** What is certain about an effect that is given up; in every case no sleeping attempt can bring it about any more. */
export type FenceResult =
  /** It is there after all, and has to be verified. */
  | { readonly result: 'executed'; readonly baseline: Baseline }
  /** It never happened. */
  | { readonly result: 'clear' }
  /** Whether it happened cannot be told; `gone`: not from a record that is not there any more. */
  | { readonly result: 'unknown'; readonly message: string; readonly gone?: true }
  /** Nothing is certain yet: try again. */
  | { readonly result: 'conflict'; readonly message: string };

/** What verification compares with: taken just before and just after the effect. */
export interface Baseline {
  /** `metadata.generation` that our write returned; 0 for kinds without one. */
  readonly generation: number;
  /** Available replicas before the effect. */
  readonly available: number;
  /** Replicas that were wanted; absent for what has no such number (a DaemonSet). */
  readonly desired?: number;
  /** Container restarts before the effect, of pods that had any, by `podKey`; at most 60. */
  readonly restarts: Readonly<Record<string, number>>;
  readonly neighbours?: Neighbours;
  /** What the policy's measurements said before the effect, for people. */
  readonly measured?: string;
}

/** The other workloads that the policy selects in the namespace. */
export interface Neighbours {
  /** Those that were well before the effect, as `Deployment/cart`; as many as the evidence has room for. */
  readonly well: readonly string[];
  /** That were well, but are not listed. */
  readonly unlisted: number;
  /** All of them. */
  readonly others: number;
}

export type RollbackResult =
  | { readonly result: 'conflict'; readonly message: string }
  /** The API server does not let us: it stays as it is until a person says what is to be done. */
  | { readonly result: 'blocked'; readonly message: string }
  | { readonly result: 'rolled-back'; readonly message: string }
  | { readonly result: 'not-possible'; readonly message: string }
  /** Someone else changed what we set: it stays as it is. */
  | { readonly result: 'taken-over'; readonly message: string };

export const OPERATOR_COMMANDS = ['retry', 'skip', 'rollback', 'abort'] as const;
/**
 * What an operator may order where a healing has got stuck. Before the effect `retry` tries again, `skip` leaves the
 * action out (its policy goes on to the next one), `rollback` and `abort` end it. After it `retry` and `rollback` try the
 * rollback again, `skip` accepts the change as it is, `abort` leaves everything to people.
 */
export type OperatorCommand = (typeof OPERATOR_COMMANDS)[number];

/** Before the effect, its tries used up; or after it, when it cannot be taken back. */
export type StuckAt = 'execute' | 'rollback';

/** Commands are typed by hand as well. */
export const isOperatorCommand = (value: unknown): value is OperatorCommand =>
  OPERATOR_COMMANDS.some((command) => command === value);
