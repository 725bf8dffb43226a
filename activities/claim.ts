import { REASONS } from '../src/api/constants.ts';
import type { AuditEntry, Claim, HealingAction, Plan } from '../src/api/healing-action.ts';
import { findCondition } from '../src/domain/condition.ts';
import { isTerminal } from '../src/domain/outcome.ts';
import { ended, type Baseline, type EffectOrder, type ExecutionResult } from '../src/domain/steps.ts';
import { describeTarget, type ObjectRef } from '../src/domain/target-ref.ts';
import { StepError } from '../src/errors.ts';
import type { Attempt } from './attempt.ts';
import type { ClaimPreparation } from './claim-preparation.ts';
import { fromEvidence, toEvidence } from './health-of-target.ts';
import type { ActivityPorts } from './ports.ts';
import { chained, changed, planned } from './record.ts';

/** What is claimed. */
interface Before {
  /** The effect, or the part of it that comes now; for the record. */
  readonly what: string;
  /** Of the part that the effect changes, as it is before: compared with later, so it is written down now. */
  readonly digest: string;
  /** Undefined where there is a claim. */
  readonly prepared: ClaimPreparation | undefined;
}

export interface Claimed {
  readonly result: 'claimed';
  readonly baseline: Baseline;
  /** Nobody else can have written yet: the claim was made by this attempt. */
  readonly fresh: boolean;
  /** Digest of the entry that announces this attempt. */
  readonly intent: string;
}

/**
 * Marks the point after which the effect may exist. It is a compare-and-swap on the HealingAction, so a deletion either
 * comes first, and then there is no effect, or comes after, and then the finalizer makes it wait for the end.
 */
export async function claimEffect(
  { actions }: Pick<ActivityPorts, 'actions'>,
  action: HealingAction,
  plan: Plan,
  before: Before,
  order: EffectOrder,
  attempt: Attempt,
  begun?: string,
): Promise<Claimed | ExecutionResult> {
  const seen = action.status?.claim;
  const held = (await before.prepared?.held) ?? action;
  if (held === 'gone') return ended('Deleted', 'the HealingAction no longer exists');
  if (held === 'conflict')
    return { result: 'conflict', message: 'the HealingAction was written meanwhile', unclaimed: true };
  const baseline = (await before.prepared?.baseline) ?? fromEvidence(action.status?.evidence?.before);
  await confirmed(attempt);
  const time = attempt.now().toISOString();
  let refusal: ExecutionResult | undefined;
  const updated = await actions.update(held, (latest) => {
    inTime(attempt); // also when somebody else wrote in between
    refusal = whyNot(action, latest);
    if (refusal !== undefined) return undefined;
    const intent = {
      kind: 'intent',
      step: 'execute',
      attempt: order.tries,
      summary: before.what,
      time,
      ...planned(latest),
    } as const;
    const claim: Claim = seen ?? {
      targetUid: plan.target.uid,
      step: 'execute',
      attempt: order.claim,
      time,
      baseline: before.digest,
    };
    return changed(
      latest,
      {
        claim,
        evidence: { ...latest.status?.evidence, before: toEvidence(baseline, describeTarget(plan.target), claim.time) },
        attempts: Math.max(latest.status?.attempts ?? 0, order.tries),
        lastAttemptTime: time,
        audit: chained(
          latest,
          ...(seen === undefined ? [{ ...intent, kind: 'claim', summary: authorized(latest, plan) } as const] : []),
          intent,
        ),
        set: [
          {
            type: 'Reserved',
            status: 'True',
            reason: REASONS.Reserved.granted,
            message: 'slot and target lock are held',
          },
          ...(findCondition(latest.status?.conditions, 'Executed') === undefined ? [] : [TRIED_AGAIN]),
          {
            type: 'Succeeded',
            status: 'Unknown',
            reason: REASONS.Succeeded.inProgress,
            message: begun === undefined ? plan.summary : `${begun}: ${plan.summary}`,
          },
        ],
      },
      time,
    );
  });
  if (updated === undefined) return ended('Deleted', 'the HealingAction no longer exists');
  if (refusal !== undefined) return refusal;
  const intent = updated.status?.audit?.at(-1)?.digest ?? '';
  return { result: 'claimed', baseline, fresh: seen === undefined, intent };
}

async function confirmed(attempt: Attempt): Promise<void> {
  try {
    await attempt.lease?.confirmed;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StepError('Unavailable', `Temporal does not confirm this attempt: ${why}`);
  }
  inTime(attempt);
}

/** Temporal may have begun another attempt by now, and given the effect up. */
function inTime({ deadline, lease, now }: Attempt): void {
  if (now().getTime() >= Math.min(deadline, lease?.until ?? deadline))
    throw new StepError('Unavailable', 'this attempt woke up too late to claim');
}

/** On whose word the change may be made from now on. */
function authorized({ status }: HealingAction, { summary }: Plan): string {
  const { approved, approvedBy, method } = status?.approval ?? {};
  return approved === true ? `approved by ${approvedBy ?? 'unknown'} (${method ?? 'unknown'}): ${summary}` : summary;
}

const TRIED_AGAIN = {
  type: 'Executed',
  status: 'Unknown',
  reason: REASONS.Executed.claimed,
  message: 'another try is under way',
} as const;

/** Why the action as it is now cannot be claimed by an attempt that read it before. */
function whyNot(read: HealingAction, latest: HealingAction): ExecutionResult | undefined {
  const { claim, conditions, planDigest } = latest.status ?? {};
  if (isTerminal(conditions)) return ended('Refused', 'the HealingAction has already ended');
  if (latest.metadata.deletionTimestamp !== undefined && claim === undefined)
    return ended('Deleted', 'the HealingAction was deleted before it had an effect');
  // Whatever else was decided meanwhile was not looked at.
  if (latest.metadata.generation !== read.metadata.generation)
    return { result: 'conflict', message: 'the HealingAction was written meanwhile' };
  if (planDigest !== read.status?.planDigest) return { result: 'drifted', message: 'the plan was replaced' };
  // What this attempt has read of the target may be older than what the other one did to it.
  if (claim?.time !== read.status?.claim?.time || claim?.attempt !== read.status?.claim?.attempt)
    return { result: 'conflict', message: 'another attempt has claimed the effect, or given it up' };
  return undefined;
}

/**
 * Writes down what came of one write while the claim stays: of a part of the effect, or of a write that was refused. Not if
 * another attempt has announced itself since, which then finds out by itself.
 */
export async function closeIntent(
  { actions }: Pick<ActivityPorts, 'actions'>,
  ref: ObjectRef,
  { effect, summary }: Required<Pick<AuditEntry, 'effect' | 'summary'>>,
  intent: string,
  attempt: Attempt,
): Promise<void> {
  const time = attempt.now().toISOString();
  await actions.update(ref, (latest) => {
    if (latest.status?.audit?.at(-1)?.digest !== intent) return undefined;
    const entry = { kind: 'outcome', step: 'execute', attempt: attempt.number, effect, summary, time } as const;
    return changed(latest, { audit: chained(latest, { ...entry, ...planned(latest) }) }, time);
  });
}

/**
 * Takes a claim back whose effect certainly did not happen and can no longer happen; `kept` when it is another claim by
 * now, or another attempt has announced itself under it.
 */
export async function voidClaim(
  { actions }: Pick<ActivityPorts, 'actions'>,
  ref: ObjectRef,
  why: string,
  attempt: Attempt,
  seen: { readonly claim: Claim } | { readonly intent: string },
): Promise<'voided' | 'kept'> {
  const time = attempt.now().toISOString();
  let result: 'voided' | 'kept' = 'voided';
  await actions.update(ref, (latest) => {
    const claim = latest.status?.claim;
    result = 'voided';
    if (claim === undefined) return undefined;
    const same =
      'intent' in seen
        ? latest.status?.audit?.at(-1)?.digest === seen.intent
        : claim.time === seen.claim.time && claim.attempt === seen.claim.attempt;
    if (!same) {
      result = 'kept';
      return undefined;
    }
    const entry = { kind: 'outcome', step: 'execute', attempt: attempt.number, effect: 'none', time } as const;
    const audit = chained(latest, { ...entry, summary: `not done: ${why}`, ...planned(latest) });
    const status = changed(latest, { audit }, time);
    if (status === undefined) return undefined;
    const { claim: _claim, ...without } = status;
    return without;
  });
  return result;
}
