import { upsertSearchAttributes } from '@temporalio/workflow';
import type { Decision } from '../src/domain/approval.ts';
import { ended, type AcceptedPlan, type Ended, type SlotAnswer } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { analysis, step } from './activity-options.ts';
import type { Desk } from './desk.ts';
import { whatIsReserved } from './reserve.ts';
import { AWAITING } from './search-attributes.ts';

/** The plan may be carried out. `slot` is what the ledger has said meanwhile, where it was asked. */
export interface Agreed {
  readonly result: 'agreed';
  readonly slot?: SlotAnswer | undefined;
}

/** Analysis first: what it finds may itself demand a person. */
export async function approve(action: ObjectRef, plan: AcceptedPlan, desk: Desk): Promise<Agreed | Ended> {
  const { ahead, approval, planDigest, summary } = plan;
  desk.show('Analyzing', summary);
  const found =
    ahead?.analysis ??
    (await analysis(`is this the right thing to do: ${summary}?`).analyze(action, planDigest, approval.required));
  desk.tell(found.choice === 'act' ? 'Chosen' : 'Abstained', found.reason);
  const stop = desk.stopped();
  if (stop !== undefined) return { result: 'ended', outcome: stop };
  if (!approval.required && found.choice === 'act') return { result: 'agreed', slot: ahead?.slot };

  const why = approval.required ? approval.why : found.reason;
  desk.open(planDigest, approval.acceptSignals);
  const signals = approval.acceptSignals ? '; or send the signal `approve` or `reject`' : ' (no signal counts)';
  const how = `\`kubeskippy approve ${action.name} -n ${action.namespace}\`, or \`reject\`${signals}`;
  desk.show('AwaitingApproval', `${summary} (plan \`${planDigest}\`): ${why}. To decide: ${how}`);
  upsertSearchAttributes([{ key: AWAITING, value: true }]);
  const asked = await step(`ask a person: ${why}`).requestApproval(action, planDigest, { ...approval, why });
  const decided = asked.result === 'ended' ? asked : await decide(action, plan, Date.parse(asked.expiresAt), desk);
  desk.close();
  upsertSearchAttributes([{ key: AWAITING, value: false }]);
  if (decided === undefined) {
    const outcome = desk.stopped();
    return outcome === undefined ? ended('Expired', 'nobody decided in time') : { result: 'ended', outcome };
  }
  if (decided.result === 'ended') return decided;
  const { decision, by, comment } = decided.decision;
  if (decision === 'Approved') return { result: 'agreed', slot: decided.slot };
  return ended('Rejected', `rejected by ${by}${comment === undefined ? '' : `: ${comment}`}`);
}

interface Decided {
  readonly result: 'decided';
  readonly decision: Decision;
  readonly slot?: SlotAnswer | undefined;
}

/** The first decision that still holds when it is written down, or the end of a healing that was decided by the wrong one. */
async function decide(
  action: ObjectRef,
  plan: AcceptedPlan,
  until: number,
  desk: Desk,
): Promise<Decided | Ended | undefined> {
  const deadline = Math.min(until, plan.expiresAt ?? Number.POSITIVE_INFINITY);
  const record = async (what: string, soon: boolean, decision?: Decision): Promise<Decided | Ended | undefined> => {
    const { planDigest, reservation } = plan;
    const [recorded, slot] = soon
      ? await step(`${what} (meanwhile: ${whatIsReserved(plan)})`).recordDecisionAndReserve(
          action,
          planDigest,
          reservation,
          decision,
        )
      : [await step(what).recordDecision(action, planDigest, decision), undefined];
    if (recorded.result === 'ended') return recorded;
    const given = recorded.result === 'none' ? undefined : recorded.decision;
    const told = given === undefined ? '' : `by ${given.by} (${given.method})`;
    if (recorded.result === 'recorded') {
      desk.tell(recorded.decision.decision, `${told} ${recorded.decision.comment ?? ''}`);
      return { result: 'decided', decision: recorded.decision, slot };
    }
    if (given !== undefined)
      desk.tell('Ignored', `${given.decision} ${told}: it does not hold any more, or came too late`);
    if (slot?.granted === true) await step('give back slot and lock: a person is waited for').release(action);
    return undefined;
  };

  let looks = 0;
  for (;;) {
    const news = await desk.decision(deadline, () =>
      // The first look comes at once, before anybody can have decided.
      record('was a decision written?', looks++ > 0),
    );
    if (news === undefined) return undefined;
    if ('found' in news) return news.found;
    const { decision, by, method } = news.sent;
    const recorded = await record(`${decision} by ${by} (${method})`, decision === 'Approved', news.sent);
    if (recorded !== undefined) return recorded;
    desk.retract();
  }
}
