/** Names and defaults of the API that more than one place must spell alike. */

export const GROUP = 'kubeskippy.io';
export const VERSION = 'v1alpha1';
export const API_VERSION = `${GROUP}/${VERSION}`;

/** Condition types of a HealingAction, in the order in which they come true. */
export const ACTION_CONDITIONS = [
  'Accepted',
  'Analyzed',
  'Approved',
  'Reserved',
  'Executed',
  'Verified',
  'RolledBack',
  'Succeeded',
] as const;
export type ActionConditionType = (typeof ACTION_CONDITIONS)[number];

/** Condition types of a HealingPolicy. */
export const POLICY_CONDITIONS = ['Ready', 'RemediationAllowed', 'Paused'] as const;
export type PolicyConditionType = (typeof POLICY_CONDITIONS)[number];

/** `reason` of the conditions, by condition type; one word means one thing wherever it stands. */
export const REASONS = {
  Accepted: {
    covered: 'CoveredByPolicy',
    /** No policy, template, selection or namespace covers it; the message says which. */
    refused: 'Refused',
    policyChanged: 'PolicyChanged',
    temporalUnreachable: 'TemporalUnreachable',
  },
  Analyzed: { decided: 'Decided', abstained: 'Abstained' },
  Approved: {
    notRequired: 'NotRequired',
    waiting: 'WaitingForApproval',
    approved: 'Approved',
    rejected: 'Rejected',
    expired: 'Expired',
    /** The target moved on, so that there is another plan to decide on. */
    planChanged: 'PlanChanged',
  },
  Reserved: { granted: 'Granted', waiting: 'WaitingForReservation', refused: 'Refused', settled: 'Settled' },
  Executed: {
    claimed: 'Claimed',
    executed: 'Executed',
    dryRun: 'DryRunCompleted',
    failed: 'ExecutionFailed',
    /** A try has failed; the message says when the next one comes. */
    retrying: 'Retrying',
    awaitingOperator: 'AwaitingOperator',
  },
  Verified: { verifying: 'Verifying', healed: 'Healed', notHealed: 'NotHealed', unproven: 'Unproven' },
  RolledBack: {
    rolledBack: 'RolledBack',
    notPossible: 'NotPossible',
    /** Somebody else has changed what we set; it is left as it is. */
    takenOver: 'TakenOver',
    failed: 'RollbackFailed',
    awaitingOperator: 'AwaitingOperator',
  },
  Succeeded: {
    inProgress: 'InProgress',
    healed: 'Healed',
    dryRunCompleted: 'DryRunCompleted',
    rejected: 'Rejected',
    expired: 'Expired',
    aborted: 'Aborted',
    skipped: 'Skipped',
    deleted: 'Deleted',
    targetGone: 'TargetGone',
    policyDeleted: 'PolicyDeleted',
    refused: 'Refused',
    notHealed: 'NotHealed',
    rolledBack: 'RolledBack',
    needsHuman: 'NeedsHuman',
  },
  Ready: { evaluating: 'Evaluating', partlyHonoured: 'PartlyHonoured', invalid: 'ValidationError' },
  RemediationAllowed: {
    allowed: 'Allowed',
    rateLimited: 'RateLimited',
    rebuilding: 'Rebuilding',
    monitor: 'MonitorMode',
  },
  Paused: { running: 'Running', paused: 'Paused' },
} as const satisfies Record<ActionConditionType | PolicyConditionType, Readonly<Record<string, string>>>;

/** Label and annotation keys. `true` as a value means the text `"true"`. */
export const KEYS = {
  /** Label or annotation of anything that must not be touched. */
  protected: `${GROUP}/protected`,
  /** Annotation with the same effect. */
  healingDisabled: `${GROUP}/healing-disabled`,
  /** Annotation of an action: when the policy made it. */
  lastApplied: `${GROUP}/last-applied`,
  managedBy: `${GROUP}/managed-by`,
  policyName: `${GROUP}/policy-name`,
  actionName: `${GROUP}/action-name`,
  actionType: `${GROUP}/action-type`,
  actionPhase: `${GROUP}/action-phase`,
  /** Label of an action: the *name* of its trigger; without a prefix, as dashboards of old know it. */
  triggerType: 'trigger-type',
  /** Label of the pods of a Job that an action has created: its uid. */
  actionUid: `${GROUP}/action-uid`,
  /** Annotation of an action: uid of the object whose trouble it is about. */
  episode: `${GROUP}/episode`,
  /** Annotation of a target: raised to make the writes of sleepers fail. */
  fence: `${GROUP}/fence`,
} as const;

/** Value of the label `managed-by`. */
export const MANAGED_BY = 'kubeskippy';
/** Held by a HealingAction from its claim to its end. */
export const FINALIZER = `${GROUP}/finalizer`;

/** Annotation of a target that says which effect of which action it carries; the value is `<step>-<n>`. */
export const markerKey = (actionUid: string): string => `${GROUP}/applied-${actionUid}`;

/**
 * What absent fields mean. The API server fills most of them in; these are for objects that it has not seen and for the
 * parents that it leaves absent. A test holds them against the CRDs.
 */
export const DEFAULTS = {
  mode: 'monitor',
  cooldownPeriod: '5m',
  operator: '>',
  duration: '2m',
  eventCount: 1,
  eventWindow: '5m',
  conditionStatus: 'True',
  priority: 50,
  restartAction: { strategy: 'rolling', maxConcurrent: 1, gracePeriodSeconds: 30 },
  scaleAction: { minReplicas: 0, maxReplicas: 100 },
  deleteAction: { gracePeriodSeconds: 30 },
  maxActionsPerHour: 10,
  healthCheckTimeout: '5m',
  verification: { stabilizationWindow: '2m', timeout: '5m' },
  approvalTimeout: '24h',
  ttlAfterFinished: '168h',
  timeout: '10m',
  retryPolicy: { maxAttempts: 3, backoffDelay: '30s', backoffMultiplier: 2 },
} as const;
