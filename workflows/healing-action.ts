import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  sleep,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { ActivityFailure, defineSearchAttributeKey } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../src/api/temporal-names.ts';
import { isSuccess, type Outcome } from '../src/domain/outcome.ts';
import type { AcceptedPlan, Baseline } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { assess, observe, startVerification } from '../src/domain/verdict.ts';
import { analysis, effect, step } from './activity-options.ts';
import { openDesk, type Desk } from './desk.ts';

/** A workflow is told which action it is for, and nothing that carries authority. */
export interface HealingActionInput {
  readonly action: ObjectRef;
}

const PHASE = defineSearchAttributeKey(SEARCH_ATTRIBUTES.phase.name, SEARCH_ATTRIBUTES.phase.type);
const AWAITING = defineSearchAttributeKey(
  SEARCH_ATTRIBUTES.awaitingApproval.name,
  SEARCH_ATTRIBUTES.awaitingApproval.type,
);

const OPERATOR_PATIENCE_MS = 24 * 3_600_000;
/** Lost races in a row before a try counts as used. */
const MAX_CONFLICTS = 20;
const MAX_PLANS = 5;

/**
 * One healing: accept, analyze, approve, reserve, execute, verify, roll back if it did not help, report.
 * Cancelling it before the effect means no effect; after the effect it still ends in verify-or-rollback.
 */
export async function healingActionWorkflow({ action }: HealingActionInput): Promise<Outcome> {
  const desk = openDesk();
  return CancellationScope.nonCancellable(async () => {
    const outcome = await heal(action, desk).catch(toOutcome);
    desk.show(outcome.reason, outcome.message);
    upsertSearchAttributes([{ key: PHASE, value: isSuccess(outcome.reason) ? 'Succeeded' : outcome.reason }]);
    const reported = await step(`${outcome.reason}: ${outcome.message}`).report(action, outcome);
    await condition(allHandlersFinished);
    return reported;
  });
}

/** A step that gave up for good is not the end of the story: whatever was begun, a person learns where it stands. */
function toOutcome(error: unknown): Outcome {
  if (!(error instanceof ActivityFailure)) throw error;
  return {
    reason: 'NeedsHuman',
    message: `${error.activityType} failed for good: ${error.cause?.message ?? error.message}`,
  };
}

async function heal(action: ObjectRef, desk: Desk): Promise<Outcome> {
  for (let plans = 0; plans < MAX_PLANS; plans++) {
    desk.show('Accepting', 'checking the action against its policy and the live target');
    const plan = await step('is it covered by its policy, and what would it change?').accept(action);
    if (plan.result === 'ended') return plan.outcome;

    if (!plan.resumed) {
      const declined = (await approve(action, plan, desk)) ?? (await reserve(action, plan, desk));
      if (declined !== undefined) return declined;
    }
    const executed = await execute(action, plan, desk);
    if (executed.result === 'drifted') continue;
    if (executed.result === 'ended') return executed.outcome;

    if (plan.dryRun) return { reason: 'DryRunCompleted', message: `would ${plan.summary}; nothing was changed` };
    return verify(action, plan, executed.baseline, desk);
  }
  return { reason: 'Refused', message: `the target changed under ${MAX_PLANS} plans in a row; nothing was done` };
}

/** Analysis first: what it finds may itself demand a person. Nobody holds a slot or a lock while people think. */
async function approve(action: ObjectRef, plan: AcceptedPlan, desk: Desk): Promise<Outcome | undefined> {
  desk.show('Analyzing', plan.summary);
  const found = await analysis(`is this the right thing to do: ${plan.summary}?`).analyze(
    action,
    plan.planDigest,
    plan.approval.required,
  );
  if (desk.stopped() !== undefined) return desk.stopped();
  const { approval } = plan;
  if (!approval.required && found.choice === 'act') return undefined;

  const why = approval.required ? approval.why : found.reason;
  desk.show('AwaitingApproval', `${plan.summary} (plan \`${plan.planDigest}\`): ${why}`);
  upsertSearchAttributes([{ key: AWAITING, value: true }]);
  await step(`ask a person: ${why}`).requestApproval(action, plan.planDigest, why);
  const decision = await desk.decision(plan.planDigest, approval.acceptSignals, approval.timeoutMs, () =>
    step('was spec.approval written?').readDecision(action, plan.planDigest),
  );
  upsertSearchAttributes([{ key: AWAITING, value: false }]);
  if (decision !== undefined) {
    const recorded = await step(`${decision.decision} by ${decision.by} (${decision.method})`).recordDecision(
      action,
      decision,
    );
    if (recorded === 'void') return { reason: 'Expired', message: 'the decision did not hold when it was read again' };
    return decision.decision === 'Approved'
      ? undefined
      : {
          reason: 'Rejected',
          message: `rejected by ${decision.by}${decision.comment === undefined ? '' : `: ${decision.comment}`}`,
        };
  }
  return desk.stopped() ?? { reason: 'Expired', message: 'nobody decided in time' };
}

async function reserve(action: ObjectRef, plan: AcceptedPlan, desk: Desk): Promise<Outcome | undefined> {
  for (;;) {
    if (desk.stopped() !== undefined) return desk.stopped();
    const answer = await step(`a slot of ${plan.reservation.policy}, the lock of ${plan.reservation.target}`).reserve(
      action,
      plan.reservation,
    );
    if (answer.granted) return undefined;
    if (answer.retryAfterMs === undefined) return { reason: 'Refused', message: answer.message };
    desk.show('AwaitingReservation', answer.message);
    await desk.pause(answer.retryAfterMs);
  }
}

type Executed = { readonly result: 'executed'; readonly baseline: Baseline };
type NotExecuted = { readonly result: 'drifted' } | { readonly result: 'ended'; readonly outcome: Outcome };

/** One effect. A try that is blocked waits as the action's retryPolicy says; when the tries are used up, a person decides. */
async function execute(action: ObjectRef, plan: AcceptedPlan, desk: Desk): Promise<Executed | NotExecuted> {
  desk.show('Executing', plan.summary);
  upsertSearchAttributes([{ key: PHASE, value: 'InProgress' }]);
  let attempt = 1;
  for (let conflicts = 0; ;) {
    const stop = desk.stopped();
    if (stop !== undefined && !plan.resumed) return { result: 'ended', outcome: stop };
    const tried = await effect(plan.summary).execute(action, plan.planDigest, attempt).catch(givenUp);
    if (tried.result === 'executed' || tried.result === 'ended' || tried.result === 'drifted') return tried;
    if (tried.result === 'conflict' && ++conflicts < MAX_CONFLICTS) {
      await sleep(50 * conflicts);
      continue;
    }
    conflicts = 0;
    if (attempt < plan.retry.maxAttempts) {
      desk.show('Executing', `try ${attempt} of ${plan.retry.maxAttempts}: ${tried.message}`);
      await desk.pause(plan.retry.backoffMs * plan.retry.multiplier ** (attempt - 1));
      attempt++;
      continue;
    }
    desk.show('AwaitingOperator', `${tried.message}. Signal \`operate\` with retry, skip, rollback or abort.`);
    await step(`wait for an operator: ${tried.message}`).awaitOperator(action, tried.message);
    const command = (await desk.command(OPERATOR_PATIENCE_MS)) ?? 'abort';
    if (command !== 'retry') {
      const fenced = await effect('make sure that no sleeping attempt can still write').fence(action, attempt);
      if (fenced.result === 'executed') return fenced;
      return {
        result: 'ended',
        outcome: { reason: 'NeedsHuman', message: `${command} by operator after: ${tried.message}` },
      };
    }
    attempt++;
  }
}

function givenUp(error: unknown): { readonly result: 'blocked'; readonly message: string } {
  if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
  return { result: 'blocked', message: error.cause?.message ?? error.message };
}

/** Healed only by evidence that is causally newer than the effect; anything else is taken back where that is possible. */
async function verify(action: ObjectRef, plan: AcceptedPlan, baseline: Baseline, desk: Desk): Promise<Outcome> {
  desk.show('Verifying', plan.summary);
  let state = startVerification(Date.now());
  for (;;) {
    state = observe(
      state,
      await step('is it healthy by evidence newer than the effect?').measure(action, plan.planDigest, baseline),
      Date.now(),
    );
    const verdict = assess(state, plan.verification, Date.now());
    if (verdict.verdict === 'running') {
      await sleep(verdict.nextInMs);
      continue;
    }
    if (verdict.verdict === 'healed') return { reason: 'Healed', message: verdict.detail }; // written down by the report
    await step(`${verdict.verdict}: ${verdict.detail}`).recordVerdict(action, verdict);
    return rollBack(action, plan, baseline, verdict.detail, desk);
  }
}

async function rollBack(
  action: ObjectRef,
  plan: AcceptedPlan,
  baseline: Baseline,
  failure: string,
  desk: Desk,
): Promise<Outcome> {
  if (!plan.reversible) return { reason: 'NotHealed', message: `${failure}; this action cannot be taken back` };
  desk.show('RollingBack', failure);
  for (let conflicts = 0; conflicts < MAX_CONFLICTS; conflicts++) {
    const undone = await effect(`take it back: ${failure}`).rollBack(action, plan.planDigest, baseline);
    switch (undone.result) {
      case 'conflict':
        await sleep(50 * (conflicts + 1));
        continue;
      case 'rolled-back':
        return { reason: 'RolledBack', message: `${failure}; ${undone.message}` };
      case 'not-possible':
        return { reason: 'NotHealed', message: `${failure}; ${undone.message}` };
      case 'taken-over':
        return { reason: 'NeedsHuman', message: `${failure}; ${undone.message}` };
    }
  }
  return { reason: 'NeedsHuman', message: `${failure}; the rollback lost ${MAX_CONFLICTS} races and was given up` };
}
