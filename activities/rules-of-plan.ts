import { DEFAULTS } from '../src/api/constants.ts';
import type { ActionTemplate, HealingAction } from '../src/api/healing-action.ts';
import type { HealingPolicy, Trigger } from '../src/api/healing-policy.ts';
import type { ApprovalDemands } from '../src/domain/approval.ts';
import { parseDuration } from '../src/domain/duration.ts';
import type { ReservationRequest } from '../src/domain/ledger.ts';
import type { RetryRules } from '../src/domain/retry.ts';
import type { ApprovalRules } from '../src/domain/steps.ts';
import type { VerificationRules } from '../src/domain/verdict.ts';
import type { ActivitySettings } from './ports.ts';

const duration = (text: string | undefined, otherwise: string): number => parseDuration(text ?? otherwise);

export function verificationRules(policy: HealingPolicy): VerificationRules {
  const { verification, safetyRules } = policy.spec;
  return {
    windowMs: duration(verification?.stabilizationWindow, DEFAULTS.verification.stabilizationWindow),
    timeoutMs: duration(verification?.timeout ?? safetyRules?.healthCheckTimeout, DEFAULTS.verification.timeout),
  };
}

/** So long after the effect it is looked at. */
export const patienceOf = (action: HealingAction, policy: HealingPolicy): number =>
  Math.min(timeoutOf(action), verificationRules(policy).timeoutMs);

/** Whoever wants nothing changed is enough. */
export const isDryRun = (
  settings: Pick<ActivitySettings, 'dryRun'>,
  action: HealingAction,
  policy?: HealingPolicy,
): boolean => settings.dryRun || action.spec.dryRun === true || policy?.spec.mode === 'dryrun';

/** Demanded by the policy's mode, its template, the action itself, or what the plan is like: any of them is enough. */
export function approvalRules(
  action: HealingAction,
  policy: HealingPolicy,
  template: ActionTemplate,
  planReason: string | undefined,
  settings: Pick<ActivitySettings, 'acceptSignals' | 'requireIdentity'>,
): ApprovalRules {
  const reasons = [
    policy.spec.mode === 'manual' ? 'the policy is in mode manual' : undefined,
    template.requiresApproval === true
      ? `action ${template.name ?? template.type} of the policy requires approval`
      : undefined,
    action.spec.approvalRequired === true ? 'the action itself requires approval' : undefined,
    planReason,
  ].filter((reason) => reason !== undefined);
  return {
    required: reasons.length > 0,
    why: reasons.join('; '),
    timeoutMs: duration(policy.spec.approval?.timeout, DEFAULTS.approvalTimeout),
    ...demandsOf(policy, settings),
  };
}

/** Policy and settings can only add to each other. Two pairs of eyes are two only when both are known. */
function demandsOf(
  { spec: { approval } }: HealingPolicy,
  settings: Pick<ActivitySettings, 'acceptSignals' | 'requireIdentity'>,
): ApprovalDemands {
  const fourEyes = approval?.fourEyes === true;
  const requireIdentity = settings.requireIdentity || fourEyes || approval?.requireIdentity === true;
  return { acceptSignals: settings.acceptSignals && !requireIdentity, requireIdentity, fourEyes };
}

export const retryRules = ({ spec: { retryPolicy } }: HealingAction): RetryRules => ({
  maxAttempts: retryPolicy?.maxAttempts ?? DEFAULTS.retryPolicy.maxAttempts,
  backoffMs: duration(retryPolicy?.backoffDelay, DEFAULTS.retryPolicy.backoffDelay),
  multiplier: retryPolicy?.backoffMultiplier ?? DEFAULTS.retryPolicy.backoffMultiplier,
});

/** Of one trigger of a policy; the usual one if the policy has it no more. */
export const cooldownOf = (trigger: Pick<Trigger, 'cooldownPeriod'> | undefined): number =>
  duration(trigger?.cooldownPeriod, DEFAULTS.cooldownPeriod);

export const timeoutOf = ({ spec }: HealingAction): number => duration(spec.timeout, DEFAULTS.timeout);

/** What an action of this policy holds while it acts. */
export const targetKey = (action: HealingAction): string => {
  const { kind, name } = action.spec.targetResource;
  return `${kind} ${action.metadata.namespace ?? ''}/${name}`;
};

export const leaseOf = (action: HealingAction): number => timeoutOf(action) + LEASE_MARGIN_MS;

/** A holder that is still silent this long after its own deadline is dead. */
const LEASE_MARGIN_MS = 15 * 60_000;

export function reservationFor(action: HealingAction, policy: HealingPolicy): ReservationRequest {
  const home = action.metadata.namespace ?? '';
  return {
    id: action.metadata.uid,
    policy: `${home}/${policy.metadata.name}`,
    target: targetKey(action),
    maxActionsPerHour: policy.spec.safetyRules?.maxActionsPerHour ?? DEFAULTS.maxActionsPerHour,
    leaseMs: leaseOf(action),
  };
}
