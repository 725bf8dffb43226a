import { REASONS } from '../src/api/constants.ts';
import type { HealingAction } from '../src/api/healing-action.ts';
import { describeTarget } from '../src/domain/target-ref.ts';
import type { FinalVerdict } from '../src/domain/verdict.ts';
import { healthSubject } from './health-of-target.ts';
import type { StatusChange } from './record.ts';

const WORDS = {
  healed: { status: 'True', reason: REASONS.Verified.healed, evidence: 'healthy' },
  'not-healed': { status: 'False', reason: REASONS.Verified.notHealed, evidence: 'failed' },
  unproven: { status: 'False', reason: REASONS.Verified.unproven, evidence: 'unknown' },
} as const;

/** What a verdict adds to the action's status: the condition, and the evidence it rests on. */
export function verdictRecord(
  { metadata, spec, status }: HealingAction,
  verdict: FinalVerdict,
  time: string,
): StatusChange {
  const { evidence, ...condition } = WORDS[verdict.verdict];
  const item = {
    subject: status?.plan === undefined ? metadata.name : describeTarget(healthSubject(status.plan)),
    check: spec.trigger === undefined ? 'healthy' : `healthy, and ${spec.trigger.name} is false`,
    value: verdict.detail,
    verdict: evidence,
    time,
  };
  const further = (verdict.checks ?? []).map((check) => ({ subject: item.subject, ...check, time }));
  return {
    evidence: { ...status?.evidence, after: [item, ...further] },
    set: [{ type: 'Verified', ...condition, message: verdict.detail }],
  };
}
