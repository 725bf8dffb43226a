import { activityInfo, cancellationSignal } from '@temporalio/activity';
import type { Decision } from '../src/domain/approval.ts';
import type { RunningAction } from '../src/domain/episode.ts';
import type { ReservationRequest } from '../src/domain/ledger.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import type { PolicySummary } from '../src/domain/policy-summary.ts';
import type { ApprovalRules, Baseline, EffectOrder, PendingRetry, StuckAt } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { FinalVerdict } from '../src/domain/verdict.ts';
import { abandon } from './abandon.ts';
import { accept, recall } from './accept.ts';
import type { Attempt } from './attempt.ts';
import { analyze } from './analyze.ts';
import { recordDecision, requestApproval } from './approve.ts';
import { awaitOperator } from './await-operator.ts';
import { createActions, type CreationOrder } from './create-actions.ts';
import { execute } from './execute.ts';
import { withFailures } from './failure.ts';
import { fence } from './fence.ts';
import { findEnded } from './find-ended.ts';
import { underLease, withHeartbeats } from './heartbeats.ts';
import type { Lease } from './lease.ts';
import { mirrored } from './mirrored-audit.ts';
import type { ActivityPorts } from './ports.ts';
import { readPastEffects } from './read-past-effects.ts';
import { recallEpisodes } from './recall-episodes.ts';
import { reportRetry } from './report-retry.ts';
import { report } from './report.ts';
import { reportPolicy } from './report-policy.ts';
import { release, reserve } from './reserve.ts';
import { rollBack } from './roll-back.ts';
import { together } from './together.ts';
import { measure, recordVerdict } from './verify.ts';

const now = (): Date => new Date();

/** A write that is not sent well before the step times out must not be sent at all. */
const MARGIN_MS = 5_000;

/** The attempt at an effect that this activity task is. */
function attempt(number: number, step: string, uid: string, lease?: Lease): Attempt {
  const info = activityInfo();
  return {
    number,
    // By our own clock from beginning to end: the server's may differ, and a task may have waited for a worker.
    deadline: Date.now() + info.startToCloseTimeoutMs - MARGIN_MS,
    ...(lease === undefined ? {} : { lease }),
    auditId: `ks/${uid}/${step}/${number}.${info.activityId}.${info.attempt}`,
    now,
  };
}

/** The steps as Temporal runs them: each bound to its ports, with the clock and the attempt filled in. */
export function createActivities(given: ActivityPorts) {
  const ports = { ...given, actions: mirrored(given.actions, given.audit) };
  const steps = {
    accept: (action: ObjectRef) => accept(ports, action, now),
    recall: (action: ObjectRef) => recall(ports, action),
    analyze: (action: ObjectRef, digest: string, approvalRequired: boolean) =>
      analyze(ports, action, { digest, approvalRequired }, cancellationSignal(), now),
    requestApproval: (action: ObjectRef, digest: string, rules: ApprovalRules) =>
      requestApproval(ports, action, digest, rules, now),
    recordDecision: (action: ObjectRef, digest: string, sent?: Decision) =>
      recordDecision(ports, action, digest, sent, now),
    recordDecisionAndReserve: (action: ObjectRef, digest: string, request: ReservationRequest, sent?: Decision) =>
      together(recordDecision(ports, action, digest, sent, now), reserve(ports, action, request, now)),
    reserve: (action: ObjectRef, request: ReservationRequest) => reserve(ports, action, request, now),
    release: (action: ObjectRef) => release(ports, action),
    execute: (action: ObjectRef, digest: string, order: EffectOrder) =>
      underLease((lease) => execute(ports, action, digest, order, attempt(order.tries, 'execute', action.uid, lease))),
    reportRetry: (action: ObjectRef, retry: PendingRetry) => reportRetry(ports, action, retry, now),
    fence: (action: ObjectRef, number: number) => fence(ports, action, attempt(number, 'fence', action.uid)),
    awaitOperator: (action: ObjectRef, why: string, at: StuckAt) => awaitOperator(ports, action, { why, at }, now),
    abandon: (action: ObjectRef) => abandon(ports, action, now),
    measure: (action: ObjectRef, digest: string, baseline: Baseline, elapsedMs = 0) =>
      measure(ports, action, digest, { baseline, elapsedMs }, now),
    recordVerdict: (action: ObjectRef, verdict: FinalVerdict) => recordVerdict(ports, action, verdict, now),
    rollBack: (action: ObjectRef, digest: string, baseline: Baseline) =>
      rollBack(ports, action, digest, baseline, attempt(1, 'rollback', action.uid)),
    report: (action: ObjectRef, outcome: Outcome) => report(ports, action, outcome, now),

    createActions: (policy: ObjectRef, order: CreationOrder) => {
      const { workflowExecution, activityId } = activityInfo();
      return createActions(ports, policy, order, `${workflowExecution?.runId ?? ''}/${activityId}`, now);
    },
    recallEpisodes: (policy: ObjectRef) => recallEpisodes(ports, policy),
    findEnded: (policy: ObjectRef, running: readonly RunningAction[]) => findEnded(ports, policy, running),
    reportPolicy: (policy: ObjectRef, summary: PolicySummary) => reportPolicy(ports, policy, summary, now),

    readPastEffects: () => readPastEffects(ports, now),
  };
  return withFailures(withHeartbeats(steps), {
    attempt: () => activityInfo().attempt,
    certain: ['abandon', 'fence', 'report', 'recallEpisodes', 'readPastEffects'],
  });
}

export type Activities = ReturnType<typeof createActivities>;
