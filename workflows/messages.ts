import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { DecisionMessage } from '../src/domain/approval.ts';
import type { ActionEnded, RetryStarted } from '../src/domain/episode.ts';
import type { Observation, ObservationReply } from '../src/domain/firing.ts';
import type { ReservationAnswer, ReservationRequest } from '../src/domain/ledger.ts';
import type { OperatorCommand } from '../src/domain/steps.ts';
import { MESSAGES } from '../src/api/temporal-names.ts';

/** To a healing: a person agrees. From Temporal's UI or CLI; proves no identity. */
export const approveSignal = defineSignal<[DecisionMessage?]>(MESSAGES.approve);
export const rejectSignal = defineSignal<[DecisionMessage?]>(MESSAGES.reject);
/** To a healing: `spec.approval` was written; the healing reads it from the API server itself. */
export const decisionRecordedSignal = defineSignal(MESSAGES.decisionRecorded);
/** To a healing: the HealingAction is being deleted. */
export const deletionRequestedSignal = defineSignal(MESSAGES.deletionRequested);
/** To a healing whose tries are used up. */
export const operateSignal = defineSignal<[OperatorCommand]>(MESSAGES.operate);
export const operateUpdate = defineUpdate<string, [OperatorCommand]>(MESSAGES.operate);
/** To a healing, with an answer: refused decisions leave no trace in the history. */
export const decideUpdate = defineUpdate<string, [DecisionMessage & { readonly decision: 'Approved' | 'Rejected' }]>(
  MESSAGES.decide,
);
/** What a healing is doing now, for programs. */
export const stepQuery = defineQuery<string>(MESSAGES.step);

/** To a policy: the whole level of what is firing. */
export const observeUpdate = defineUpdate<ObservationReply, [Observation]>(MESSAGES.observe);
/** Of a policy: which revisions it has seen good. */
export const seenGoodQuery = defineQuery<readonly string[]>(MESSAGES.seenGood);
/** To a policy: one of its actions has ended. */
export const actionEndedSignal = defineSignal<[ActionEnded]>(MESSAGES.actionEnded);
/** To a policy: one of its finished actions is tried again. */
export const retryStartedSignal = defineSignal<[RetryStarted]>(MESSAGES.retryStarted);
export const policyDeletedSignal = defineSignal(MESSAGES.policyDeleted);

/** To the ledger: up to 100 requests in one message, each answered separately. */
export const reserveUpdate = defineUpdate<readonly ReservationAnswer[], [readonly LedgerRequest[]]>(MESSAGES.reserve);
/** Of the ledger: would each of these be granted, at this time (milliseconds since the epoch)? */
export const admitQuery = defineQuery<readonly ReservationAnswer[], [readonly ReservationRequest[], number]>(
  MESSAGES.admit,
);
/** To a long-lived workflow: continue as new, so that the next run is on the newest code. */
export const upgradeSignal = defineSignal(MESSAGES.upgrade);

export type LedgerRequest =
  | { readonly type: 'reserve'; readonly request: ReservationRequest }
  | { readonly type: 'settle'; readonly id: string; readonly hadEffect: boolean };
