import { upsertSearchAttributes } from '@temporalio/workflow';
import type { Decision } from '../src/domain/approval.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import type { AcceptedPlan, Ended } from '../src/domain/steps.ts';
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
  desk.tell(found.choice === 'act' ? 'Chosen' : 'Abstained', found.reason);
  if (desk.stopped() !== undefined) return desk.stopped();
  if (!approval.required && found.choice === 'act') return undefined;

  const why = approval.required ? approval.why : found.reason;
  desk.open(planDigest, approval.acceptSignals);
  const signals = approval.acceptSignals ? '; or send the signal `approve` or `reject`' : ' (no signal counts)';
  const how = `\`kubeskippy approve ${action.name} -n ${action.namespace}\`, or \`reject\`${signals}`;
  desk.show('AwaitingApproval', `${summary} (plan \`${planDigest}\`): ${why}. To decide: ${how}`);
  upsertSearchAttributes([{ key: AWAITING, value: true }]);
  const asked = await step(`ask a person: ${why}`).requestApproval(action, planDigest, { ...approval, why });
  const patience = asked?.result === 'asked' ? Date.parse(asked.expiresAt) : Date.now() + approval.timeoutMs;
  const expiresAt = Math.min(patience, plan.expiresAt ?? Number.POSITIVE_INFINITY);
  const decision = asked?.result === 'ended' ? asked : await decide(action, planDigest, expiresAt, desk);
  desk.close();
  upsertSearchAttributes([{ key: AWAITING, value: false }]);
  if (decision === undefined) return desk.stopped() ?? { reason: 'Expired', message: 'nobody decided in time' };
  if ('outcome' in decision) return decision.outcome;
  if (decision.decision === 'Approved') return undefined;
  const comment = decision.comment === undefined ? '' : `: ${decision.comment}`;
  return { reason: 'Rejected', message: `rejected by ${decision.by}${comment}` };
}

/** The first decision that still holds when it is written down, or the end of a healing that was decided by the wrong one. */
async function decide(
  action: ObjectRef,
  planDigest: string,
  deadline: number,
  desk: Desk,
): Promise<Decision | Ended | undefined> {
  for (;;) {
    const decision = await desk.decision(deadline, () =>
      step('was a decision written?').readDecision(action, planDigest),
    );
    if (decision === undefined) return undefined;
    const recorded = await step(`${decision.decision} by ${decision.by} (${decision.method})`).recordDecision(
      action,
      decision,
    );
    const { by, method, comment = '' } = decision;
    if (recorded === 'recorded') {
      desk.tell(decision.decision, `by ${by} (${method}) ${comment}`);
      return decision;
    }
    if (recorded !== 'void') return recorded;
    desk.tell('Ignored', `${decision.decision} by ${by} (${method}): it does not hold any more, or came too late`);
    desk.retract();
  }
}
