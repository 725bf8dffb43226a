import { REASONS } from '../src/api/constants.ts';
import type { Analysis, HealingAction, Plan } from '../src/api/healing-action.ts';
import type { AnalysisAnswer, Analyzer } from '../src/ports/analyzer.ts';
import type { AnalysisResult } from '../src/domain/steps.ts';
import type { ObjectRef } from '../src/domain/target-ref.ts';
import type { ActivityPorts } from './ports.ts';
import { changed, type StatusChange } from './record.ts';

const NOT_REQUIRED = {
  type: 'Approved',
  status: 'True',
  reason: REASONS.Approved.notRequired,
  message: 'neither the policy nor the action asks for approval',
} as const;
const ABSTAIN = { choice: 'abstain', summary: 'do nothing until a person has looked' };

/** What an analyzer has chosen, and how the status says it. */
export interface Advice {
  readonly result: AnalysisResult;
  readonly change: StatusChange & Required<Pick<StatusChange, 'set'>>;
}

/** Asks the analyzer to choose among what is permitted, and writes its answer down. */
export async function analyze(
  { actions, analyzer }: Pick<ActivityPorts, 'actions' | 'analyzer'>,
  ref: ObjectRef,
  { digest, approvalRequired }: { readonly digest: string; readonly approvalRequired: boolean },
  signal: AbortSignal,
  now: () => Date,
): Promise<AnalysisResult> {
  const action = await actions.read(ref);
  const plan = action?.status?.plan;
  if (action === undefined || plan === undefined || action.status?.planDigest !== digest)
    return { choice: 'abstain', reason: 'the plan that was to be analyzed is no longer the current one' };
  const { result, change } = await consult(analyzer, { action, plan, approvalRequired }, signal, now);
  await actions.update(action, (latest) => changed(latest, change, now().toISOString()));
  return result;
}

/** Whatever is not one of the options counts as abstaining. */
export async function consult(
  analyzer: Analyzer,
  {
    action,
    plan,
    approvalRequired,
  }: { readonly action: HealingAction; readonly plan: Plan; readonly approvalRequired: boolean },
  signal: AbortSignal,
  now: () => Date,
): Promise<Advice> {
  const options = [{ choice: plan.action, summary: plan.summary }, ABSTAIN];
  const trigger = action.spec.trigger;
  const evidence =
    trigger === undefined
      ? []
      : [
          `${trigger.name}: ${trigger.evidence ?? trigger.type} (${trigger.subject ?? ''} since ${trigger.since ?? 'unknown'})`,
        ];
  const question = {
    options,
    evidence,
    ...(plan.approvalReason === undefined ? {} : { approvalReason: plan.approvalReason }),
  };
  const answer = await analyzer.analyze(question, signal).catch((error: unknown) => noAnswer(error));
  const chosen = options[answer.option] ?? ABSTAIN;
  const record: Analysis = {
    analyzer: analyzer.name,
    ...(analyzer.model === undefined ? {} : { model: analyzer.model }),
    choice: chosen.choice,
    confidence: clamp(answer),
    reasons: answer.reasons,
    alternatives: options
      .filter((option) => option !== chosen)
      .map(({ choice, summary }) => ({ choice, reason: summary })),
    time: now().toISOString(),
  };
  const reason = record.reasons?.[0] ?? 'no reason given';
  const choice = chosen === ABSTAIN ? 'abstain' : 'act';
  return {
    result: { choice, reason },
    change: {
      analysis: record,
      set: [
        {
          type: 'Analyzed',
          status: 'True',
          reason: choice === 'act' ? REASONS.Analyzed.decided : REASONS.Analyzed.abstained,
          message: `${analyzer.name}: ${reason}`,
        },
        ...(choice === 'act' && !approvalRequired ? [NOT_REQUIRED] : []),
      ],
    },
  };
}

/** An analyzer that fails gives no advice; whether to act is then for a person to say. */
const noAnswer = (error: unknown): AnalysisAnswer => ({
  option: Number.NaN,
  confidence: 0,
  reasons: [`the analyzer failed: ${error instanceof Error ? error.message : String(error)}`],
});

const clamp = ({ confidence }: AnalysisAnswer): number =>
  Number.isFinite(confidence) ? Math.min(1, Math.max(0, confidence)) : 0;
