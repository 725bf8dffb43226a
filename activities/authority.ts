import type { ActionTemplate, ApprovalStatus, HealingAction } from '../src/api/healing-action.ts';
import type { HealingPolicy } from '../src/api/healing-policy.ts';
import { objectionTo } from '../src/domain/approval.ts';
import { ended, type ApprovalRules, type Ended } from '../src/domain/steps.ts';
import { coverage } from './coverage.ts';
import type { ActivityPorts } from './ports.ts';
import { approvalRules, isDryRun } from './rules-of-plan.ts';

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

/** Whether the person whose proven approval the action carries may still give it; true where there is none. */
export async function approverStillMay(
  { identity }: Pick<ActivityPorts, 'identity'>,
  { metadata: { namespace = '', name, uid }, spec: { approval }, status }: HealingAction,
): Promise<boolean> {
  const { approved, verified } = status?.approval ?? {};
  if (approval?.by === undefined || approved !== true || verified !== true) return true;
  return identity.mayApprove({ username: approval.by, groups: approval.groups ?? [] }, { namespace, name, uid });
}

/**
 * Policy, approval and expiry as they are now: since the plan was made they can only have tightened. `permitted` is what
 * {@link approverStillMay} says. What was `begun` in time may be brought to its end.
 */
export function authority(
  { settings }: Pick<ActivityPorts, 'settings'>,
  action: HealingAction,
  policy: HealingPolicy | undefined,
  permitted: boolean,
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
  const rules = approvalRules(action, covered.policy, covered.template, plan?.approvalReason, settings);
  const asked = approval !== undefined && approval.planDigest === planDigest ? approval : undefined;
  const required = rules.required || asked?.required === true || analysis?.choice === 'abstain';
  const approved = asked?.approved === true;
  if (required && !approved) return { result: 'drifted', message: `there is no approval for plan ${planDigest ?? ''}` };
  if (approved) {
    const objection = objectionToApproval(action, asked, rules, permitted);
    if (objection !== undefined)
      return ended('Refused', `the approval of plan ${planDigest ?? ''} does not count: ${objection}`);
  }
  return {
    result: 'granted',
    policy: covered.policy,
    template: covered.template,
    dryRun: isDryRun(settings, action, covered.policy),
  };
}

function objectionToApproval(
  { spec: { approval, requestedBy }, status }: HealingAction,
  { approvedBy: by = 'unknown', method = 'signal', verified = false, ...asked }: ApprovalStatus,
  rules: ApprovalRules,
  permitted: boolean,
): string | undefined {
  if (
    method === 'kubernetes' &&
    (approval?.decision !== 'Approved' ||
      approval.planDigest !== status?.planDigest ||
      (approval.by ?? 'unknown') !== by)
  )
    return 'it was withdrawn';
  const demands = {
    acceptSignals: rules.acceptSignals,
    requireIdentity: rules.requireIdentity || asked.requireIdentity === true,
    fourEyes: rules.fourEyes || asked.fourEyes === true,
  };
  const objection = objectionTo({ by, method, verified }, demands, requestedBy?.username);
  return objection ?? (permitted ? undefined : `${by} may no longer decide about healings here`);
}
