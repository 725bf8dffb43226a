import { sleep } from '@temporalio/workflow';
import { ActivityFailure } from '@temporalio/common';
import type { Outcome } from '../src/domain/outcome.ts';
import type { AcceptedPlan, Baseline, RollbackResult } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import { assess, observe, proofMs, startVerification } from '../src/domain/verdict.ts';
import { step, summaryOf, wayBack } from './activity-options.ts';
import type { Desk } from './desk.ts';
import { askOperator } from './operator.ts';

const MAX_CONFLICTS = 20;
/** However late it is, a whole window can be looked at. */
const GRACE_MS = 1_000;

/** Healed only by evidence that is causally newer than the effect; anything else is taken back where that is possible. */
export async function verify(
  action: ObjectRef,
  plan: AcceptedPlan,
  { baseline, endsAt }: { readonly baseline: Baseline; readonly endsAt: number },
  desk: Desk,
): Promise<Outcome> {
  desk.show('Verifying', plan.summary);
  let seen = '';
  const { windowMs, timeoutMs } = plan.verification;
  const left = Math.max(endsAt - Date.now(), proofMs(plan.verification) + GRACE_MS);
  const rules = { windowMs, timeoutMs: Math.min(timeoutMs, left) };
  let state = startVerification(Date.now(), baseline.restarts);
  for (;;) {
    const look = step(`is it healthy by evidence newer than the effect?${seen}`);
    const elapsedMs = Date.now() - state.startedAt;
    state = observe(state, await look.measure(action, plan.planDigest, baseline, elapsedMs), Date.now());
    const verdict = assess(state, rules, Date.now());
    if (verdict.verdict === 'running') {
      const now = `${state.last?.state ?? 'unknown'}: ${state.last?.detail ?? 'nothing was seen'}`;
      seen = ` So far ${now}`;
      desk.show('Verifying', now);
      await sleep(verdict.nextInMs, { summary: summaryOf(`then look again. So far ${now}`) });
      continue;
    }
    if (verdict.verdict === 'healed') {
      const { detail, checks } = verdict; // written down by the report
      return { reason: 'Healed', message: detail, ...(checks === undefined ? {} : { checks }) };
    }
    await step(`${verdict.verdict}: ${verdict.detail}`).recordVerdict(action, verdict);
    if (state.last?.state === 'lost') return { reason: 'NeedsHuman', message: verdict.detail };
    return rollBack(action, plan, baseline, verdict.detail, desk);
  }
}

/** After a verdict that it did not heal. Where it can neither be taken back nor is known why not, a person decides. */
export async function rollBack(
  action: ObjectRef,
  plan: AcceptedPlan,
  baseline: Baseline,
  failure: string,
  desk: Desk,
): Promise<Outcome> {
  if (!plan.reversible) return { reason: 'NotHealed', message: `${failure}; this action cannot be taken back` };
  for (;;) {
    desk.show('RollingBack', failure);
    const undone = await tryRollBack(action, plan, baseline, failure);
    const message = `${failure}; ${undone.message}`;
    switch (undone.result) {
      case 'rolled-back':
        return { reason: 'RolledBack', message };
      case 'not-possible':
        return { reason: 'NotHealed', message };
      case 'taken-over':
        return { reason: 'NeedsHuman', message };
      case 'blocked': {
        const ordered = await askOperator(action, 'rollback', message, desk);
        if ('outcome' in ordered) return ordered.outcome;
        if (ordered.command === 'skip')
          return { reason: 'NotHealed', message: `accepted as it is by an operator: ${message}` };
        if (ordered.command === 'abort')
          return { reason: 'NeedsHuman', message: `abort by an operator, the change is still there: ${message}` };
      }
    }
  }
}

type Settled = Exclude<RollbackResult, { result: 'conflict' }>;

/** Lost races are run again, and an outage is outlasted. */
async function tryRollBack(
  action: ObjectRef,
  plan: AcceptedPlan,
  baseline: Baseline,
  failure: string,
): Promise<Settled> {
  let lost = '';
  for (let conflicts = 1; conflicts <= MAX_CONFLICTS; conflicts++) {
    const undone = await wayBack(`take it back: ${failure}`).rollBack(action, plan.planDigest, baseline).catch(givenUp);
    if (undone.result !== 'conflict') return undone;
    lost = undone.message;
    await sleep(50 * conflicts, { summary: summaryOf(`lost a race, then again: ${lost}`) });
  }
  return { result: 'blocked', message: `the rollback was given up: ${lost}` };
}

function givenUp(error: unknown): RollbackResult {
  if (!(error instanceof ActivityFailure)) throw error;
  return { result: 'conflict', message: error.cause?.message ?? error.message };
}
