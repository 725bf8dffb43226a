import type { ActionTemplate, HealingAction } from '../src/api/healing-action.ts';
import type { HealingPolicy } from '../src/api/healing-policy.ts';
import type { Ended } from '../src/domain/steps.ts';
import type { Outcome } from '../src/domain/outcome.ts';
import { coverage } from './coverage.ts';
import type { ActivityPorts } from './ports.ts';
import { approvalRules } from './rules-of-plan.ts';

export type Authority =
  | {
      readonly result: 'granted';
      readonly policy: HealingPolicy;
      readonly template: ActionTemplate;
      readonly dryRun: boolean;
    }
  /** A person has to agree first: plan again, and ask. */
  | { readonly result: 'drifted'; readonly message: string }
  | Ended;

const ended = (reason: Outcome['reason'], message: string): Ended => ({
  result: 'ended',
  outcome: { reason, message },
});

/**
 * Policy, approval and expiry as they are now: since the plan was made they can only have tightened. What was `begun` in
 * time may be brought to its end.
 */
export function authority(
  { settings }: Pick<ActivityPorts, 'settings'>,
  action: HealingAction,
  policy: HealingPolicy | undefined,
  now: Date,
  begun: boolean,
): Authority {
  if (action.metadata.deletionTimestamp !== undefined)
    return ended('Deleted', 'the HealingAction was deleted before it had an effect');
  const { expiresAt } = action.spec;
  if (!begun && expiresAt !== undefined && Date.parse(expiresAt) <= now.getTime())
    return ended('Expired', `the action was to be done before ${expiresAt}`);
  const covered = coverage(action, policy);
  if (!covered.covered) return ended(covered.outcome.reason, covered.outcome.message);

  const { analysis, approval, plan, planDigest } = action.status ?? {};
  const rules = approvalRules(action, covered.policy, covered.template, plan?.approvalReason, settings.acceptSignals);
  const asked = approval !== undefined && approval.planDigest === planDigest ? approval : undefined;
  const required = rules.required || asked?.required === true || analysis?.choice === 'abstain';
  const approved = asked?.approved === true;
  if (required && !approved) return { result: 'drifted', message: `there is no approval for plan ${planDigest ?? ''}` };
  if (approved && asked.method === 'kubernetes' && !stands(action))
    return ended('Refused', `the approval for plan ${planDigest ?? ''} was withdrawn`);
  return {
    result: 'granted',
    policy: covered.policy,
    template: covered.template,
    dryRun: settings.dryRun || action.spec.dryRun === true || covered.policy.spec.mode === 'dryrun',
  };
}

const stands = ({ spec: { approval }, status }: HealingAction): boolean =>
  approval?.decision === 'Approved' && approval.planDigest === status?.planDigest;
