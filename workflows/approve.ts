import { upsertSearchAttributes } from '@temporalio/workflow';
import type { Decision } from '../src/domain/approval.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import type { AcceptedPlan } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { analysis, step } from './activity-options.ts';
import type { Desk } from './desk.ts';
import { AWAITING } from './search-attributes.ts';

/**
 * Analysis first: what it finds may itself demand a person. Nobody holds a slot or a lock while people think. Undefined
 * when the plan may be carried out.
 */
export async function approve(action: ObjectRef, plan: AcceptedPlan, desk: Desk): Promise<Outcome | undefined> {
  const { approval, planDigest, summary } = plan;
  desk.show('Analyzing', summary);
  const found = await analysis(`is this the right thing to do: ${summary}?`).analyze(
    action,
    planDigest,
    approval.required,
  );
  if (desk.stopped() !== undefined) return desk.stopped();
  if (!approval.required && found.choice === 'act') return undefined;

  const why = approval.required ? approval.why : found.reason;
  desk.open(planDigest, approval.acceptSignals);
  desk.show('AwaitingApproval', `${summary} (plan \`${planDigest}\`): ${why}`);
  upsertSearchAttributes([{ key: AWAITING, value: true }]);
  await step(`ask a person: ${why}`).requestApproval(action, planDigest, why);
  const decision = await decide(action, plan, desk);
  desk.close();
  upsertSearchAttributes([{ key: AWAITING, value: false }]);
  if (decision === undefined) return desk.stopped() ?? { reason: 'Expired', message: 'nobody decided in time' };
  if (decision.decision === 'Approved') return undefined;
  const comment = decision.comment === undefined ? '' : `: ${decision.comment}`;
  return { reason: 'Rejected', message: `rejected by ${decision.by}${comment}` };
}

/** The first decision that still holds when it is written down. */
async function decide(action: ObjectRef, plan: AcceptedPlan, desk: Desk): Promise<Decision | undefined> {
  const deadline = Date.now() + plan.approval.timeoutMs;
  for (;;) {
    const decision = await desk.decision(deadline, () =>
      step('was a decision written?').readDecision(action, plan.planDigest),
    );
    if (decision === undefined) return undefined;
    const record = step(`${decision.decision} by ${decision.by} (${decision.method})`);
    if ((await record.recordDecision(action, decision)) === 'recorded') return decision;
    desk.retract();
  }
}
