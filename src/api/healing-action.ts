// Generated from crds/healingactions.yaml by `npm run gen`. Do not edit.
import type { ObjectMeta } from './meta.ts';
import type { ActionTemplate, Condition, ConditionTrigger } from './shared.ts';

export type {
  ActionTemplate,
  Condition,
  ConditionTrigger,
  CustomAction,
  DeleteAction,
  FieldPatch,
  PatchAction,
  RestartAction,
  ScaleAction,
} from './shared.ts';

/** One healing of one object. It is carried out by one durable workflow: analyze, wait for approval where that is needed, execute once, verify, and roll back what did not help. Policies make HealingActions; people may too, within what a policy of the same namespace permits. */
export interface HealingAction {
  readonly apiVersion: 'kubeskippy.io/v1alpha1';
  readonly kind: 'HealingAction';
  readonly metadata: ObjectMeta;
  /** What is asked for. It cannot be changed later, but for `approval`. */
  readonly spec: HealingActionSpec;
  /** How far the action has come and what it found and did. Written by KubeSkippy only. */
  readonly status?: HealingActionStatus;
}

/** What is asked for. It cannot be changed later, but for `approval`. */
export interface HealingActionSpec {
  /** The HealingPolicy that permits the action. It must lie in the namespace of the HealingAction, select the target and have the same action among its own. */
  readonly policyRef: PolicyReference;
  /** The object to heal. */
  readonly targetResource: TargetResource;
  /** One remedy. `type` says which one of `restartAction`, `scaleAction`, `patchAction`, `deleteAction` and `customAction` is given; `restart`, `delete` and `undo` need none. */
  readonly action: ActionTemplate;
  /** Whether a person must approve the action. It can only add to what the policy and the action demand. Absent means false. */
  readonly approvalRequired?: boolean;
  /** Whether every write is only a server-side dry run, which is checked by the API server but changes nothing. Absent means false. */
  readonly dryRun?: boolean;
  /** Longest time from the start of execution to the end of verification. Waiting for people does not count. Default: `"10m"`. */
  readonly timeout?: string;
  /** How often the change is tried if it cannot be made at once. However often it is tried, it is made at most once. */
  readonly retryPolicy?: RetryPolicy;
  /** The decision of a person about the plan in `status.plan`. Everything about it is checked by the API server: who decides, and that it is about the plan that waits now. */
  readonly approval?: ApprovalDecision;
  /** The finished HealingAction of the same namespace that this one tries again. */
  readonly retryOf?: ActionReference;
  /** Who created the action. The API server fills it in and refuses any other. */
  readonly requestedBy?: Requester;
  /** When this passes before the change was made, the action is cancelled. Policies set it, so that an action never acts on old news. */
  readonly expiresAt?: string;
  /** The `metadata.generation` of the policy that made the action. */
  readonly policyGeneration?: number;
  /** What made the policy act. Absent for actions that people create. */
  readonly trigger?: FiredTrigger;
}

/** The HealingPolicy that permits the action. It must lie in the namespace of the HealingAction, select the target and have the same action among its own. */
export interface PolicyReference {
  /** Name of the policy. */
  readonly name: string;
  /** Namespace of the policy; the same as that of the HealingAction. */
  readonly namespace: string;
  /** UID of the policy. When given, a policy that was recreated under the same name does not count. */
  readonly uid?: string;
}

/** The object to heal. */
export interface TargetResource {
  /** API version of the object, for example `apps/v1`. */
  readonly apiVersion: string;
  /** Kind of the object, for example `Deployment`. */
  readonly kind: string;
  /** Name of the object. */
  readonly name: string;
  /** Namespace of the object; that of the HealingAction when absent. */
  readonly namespace?: string;
  /** UID of the object. When given, an object that was recreated under the same name is left alone and the action is cancelled. */
  readonly uid?: string;
}

/** How often the change is tried if it cannot be made at once. However often it is tried, it is made at most once. */
export interface RetryPolicy {
  /** Most tries, the first one included. 1 means no second try. Default: `3`. */
  readonly maxAttempts?: number;
  /** Pause before the second try, for example `30s`. Default: `"30s"`. */
  readonly backoffDelay?: string;
  /** Each further pause is longer than the last by this factor; no pause exceeds 30m. Default: `2`. */
  readonly backoffMultiplier?: number;
}

/** The decision of a person about the plan in `status.plan`. Everything about it is checked by the API server: who decides, and that it is about the plan that waits now. */
export interface ApprovalDecision {
  /** `Approved` carries out the plan, `Rejected` cancels the action. */
  readonly decision: 'Approved' | 'Rejected';
  /** Digest of the plan that was decided on, copied from `status.planDigest`. */
  readonly planDigest: string;
  /** User name of who decided. The API server fills it in and refuses any other. */
  readonly by?: string;
  /** Groups of who decided, the first 100. The API server fills them in. Whether the user still may approve is asked with them before the change is made. */
  readonly groups?: readonly string[];
  /** Why, for the record. */
  readonly comment?: string;
}

/** The finished HealingAction of the same namespace that this one tries again. */
export interface ActionReference {
  /** Name of the earlier action. */
  readonly name: string;
  /** UID of the earlier action. */
  readonly uid?: string;
}

/** Who created the action. The API server fills it in and refuses any other. */
export interface Requester {
  /** User name, for example `jane@example.org` or that of a service account. */
  readonly username: string;
  /** Groups of the user at that time, the first 100. */
  readonly groups?: readonly string[];
}

/** What made the policy act. Absent for actions that people create. */
export interface FiredTrigger {
  /** Name of the trigger in the policy. */
  readonly name: string;
  /** Type of the trigger. */
  readonly type: 'metric' | 'event' | 'condition';
  /** Fires while the object, or a container of the Pod, is in a certain state. */
  readonly condition?: ConditionTrigger;
  /** The object for which it fired, as `Kind/namespace/name`; a Pod, for example, when the target is its Deployment. */
  readonly subject?: string;
  /** Since when the trigger had held, by the objects of the API server. */
  readonly since?: string;
  /** What was seen, for people. */
  readonly evidence?: string;
}

/** How far the action has come and what it found and did. Written by KubeSkippy only. */
export interface HealingActionStatus {
  /** The steps: `Accepted`, `Reserved`, `Analyzed`, `Approved`, `Executed`, `Verified`, `RolledBack`, and `Succeeded`, which is `Unknown` while the action runs and final afterwards. */
  readonly conditions?: readonly Condition[];
  /** The conditions in one word: `Pending` (waits), `Approved`, `InProgress` (executes or verifies), and at the end `Succeeded` (healed and proven), `Failed`, or `Cancelled` (nothing was done, by decision). */
  readonly phase?: 'Pending' | 'Approved' | 'InProgress' | 'Succeeded' | 'Failed' | 'Cancelled';
  /** Why the action is where it is, in one CamelCase word, for example `WaitingForApproval`. */
  readonly reason?: string;
  /** When work on the action began. */
  readonly startTime?: string;
  /** When the action ended, whatever the result. */
  readonly completionTime?: string;
  /** How often the change was tried. */
  readonly attempts?: number;
  /** When the change was last tried. */
  readonly lastAttemptTime?: string;
  /** The `metadata.generation` that this status was made for. */
  readonly observedGeneration?: number;
  /** Digest over the plan: UID of the target, action and resolved parameters. A decision must name it. */
  readonly planDigest?: string;
  /** What exactly will be, or was, done. */
  readonly plan?: Plan;
  /** Recorded before the change: from here on it may have happened, whatever crashed. Only the holder of the claim writes. */
  readonly claim?: Claim;
  /** The Temporal workflow that carries out the action. */
  readonly workflow?: WorkflowReference;
  /** Why this action was chosen. */
  readonly analysis?: Analysis;
  /** What was seen of the target before and after the change. */
  readonly evidence?: Evidence;
  /** How it ended, and what was changed on the way. */
  readonly result?: ActionResult;
  /** Whether the action needed a person's approval, and what was decided. */
  readonly approval?: ApprovalStatus;
  /** What became of taking the change back. Absent while there was no need. */
  readonly rollback?: RollbackStatus;
  /** Record of claims, intents and outcomes, oldest first; the newest 14. Each entry carries the digest of the one before it, so that a changed or missing entry shows. The copy that the worker writes to its standard output has them all; `kubeskippy audit verify` checks both. */
  readonly audit?: readonly AuditEntry[];
}

/** What exactly will be, or was, done. */
export interface Plan {
  /** The change in one line, for people. */
  readonly summary: string;
  /** Type of the action. */
  readonly action: 'restart' | 'scale' | 'patch' | 'delete' | 'undo' | 'custom';
  /** The object, by name and identity. */
  readonly target: PlannedTarget;
  /** Resolved, absolute values of the change, for example the number of replicas. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The resolved change as JSON, for actions whose change does not fit into `parameters`: the operations of a patch, or the manifest from which a deleted object can be made again. */
  readonly change?: string;
  /** Whether the change can be rolled back if it does not help. */
  readonly reversible?: boolean;
  /** Why a person must approve the plan; absent when nobody need to. */
  readonly approvalReason?: string;
  /** What a server-side dry run says will change, line by line, cut short if long. */
  readonly diff?: string;
  /** How the result will be verified, as the policy said when the plan was made. */
  readonly verification?: PlannedVerification;
  /** When the plan was made. */
  readonly plannedAt?: string;
}

/** The object, by name and identity. */
export interface PlannedTarget {
  /** API version of the object. */
  readonly apiVersion: string;
  /** Kind of the object. */
  readonly kind: string;
  /** Namespace of the object. */
  readonly namespace: string;
  /** Name of the object. */
  readonly name: string;
  /** UID of the object; one recreated under the same name is another object. */
  readonly uid: string;
}

/** How the result will be verified, as the policy said when the plan was made. */
export interface PlannedVerification {
  /** How long the target must stay well. */
  readonly stabilizationWindow?: string;
  /** How long it may take to become well. */
  readonly timeout?: string;
  /** Digest of the policy's `verification.queries`; absent without any. */
  readonly queries?: string;
}

/** Recorded before the change: from here on it may have happened, whatever crashed. Only the holder of the claim writes. */
export interface Claim {
  /** UID of the object that is changed. */
  readonly targetUid: string;
  /** Which change, `execute` or `rollback`. */
  readonly step: 'execute' | 'rollback';
  /** Number in the marker on the target; raised only when a person asks for another try. */
  readonly attempt: number;
  /** When the claim was made. */
  readonly time: string;
  /** Digest of what the step changes, as it was before. While the target still shows it, the change has not happened. */
  readonly baseline?: string;
  /** Fencing value that was seen on the target; a write is refused when it has changed. */
  readonly fence?: string;
}

/** The Temporal workflow that carries out the action. */
export interface WorkflowReference {
  /** Workflow id, `ha-` and the UID of the HealingAction. */
  readonly id: string;
  /** Run id within the workflow id. */
  readonly runId?: string;
  /** Temporal namespace. */
  readonly namespace?: string;
}

/** Why this action was chosen. */
export interface Analysis {
  /** What chose, for example `rules`. */
  readonly analyzer: string;
  /** Language model, where one was asked. */
  readonly model?: string;
  /** Name of the chosen option, or `abstain`. */
  readonly choice: string;
  /** How sure the analyzer is, from 0 to 1. Absent when it cannot say. */
  readonly confidence?: number;
  /** The steps that led to the choice, in order. */
  readonly reasons?: readonly string[];
  /** What else could have been done. */
  readonly alternatives?: readonly Alternative[];
  /** When it was chosen. */
  readonly time?: string;
}

/** An option that was not chosen. */
export interface Alternative {
  /** Name of the option. */
  readonly choice: string;
  /** How well it would have served, from 0 to 1. */
  readonly confidence?: number;
  /** Why it was not chosen. */
  readonly reason?: string;
}

/** What was seen of the target before and after the change. */
export interface Evidence {
  /** Before the change. */
  readonly before?: readonly EvidenceItem[];
  /** After the change; only what is causally newer than the change counts. */
  readonly after?: readonly EvidenceItem[];
}

/** One thing that was looked at. */
export interface EvidenceItem {
  /** The object that was looked at, as `Kind/namespace/name`. */
  readonly subject: string;
  /** What was looked at, for example `availableReplicas` or a query. */
  readonly check: string;
  /** What was found. */
  readonly value: string;
  /** What it says about the target's health. `unknown` proves nothing. */
  readonly verdict?: 'healthy' | 'settling' | 'failed' | 'unknown';
  /** When it was looked at. */
  readonly time?: string;
}

/** How it ended, and what was changed on the way. */
export interface ActionResult {
  /** True only if the target was healed, and proven to be; also for a completed dry run. */
  readonly success: boolean;
  /** How it ended, for people. */
  readonly message?: string;
  /** What went wrong, if anything. */
  readonly error?: string;
  /** Figures of the action, for example `previous_replicas: "3"`. */
  readonly metrics?: Readonly<Record<string, string>>;
  /** Fields that were changed. */
  readonly changes?: readonly ResourceChange[];
}

/** One changed field of one object. */
export interface ResourceChange {
  /** The object, as `Kind/namespace/name`. */
  readonly resourceRef: string;
  /** What kind of change it was. */
  readonly changeType: 'create' | 'update' | 'delete' | 'patch' | 'scale';
  /** Path of the field, for example `spec.replicas`. */
  readonly field: string;
  /** Value before the change, cut short if long. */
  readonly oldValue?: string;
  /** Value after the change, cut short if long. */
  readonly newValue?: string;
  /** When it was changed. */
  readonly timestamp?: string;
}

/** Whether the action needed a person's approval, and what was decided. */
export interface ApprovalStatus {
  /** Whether a person must approve. */
  readonly required: boolean;
  /** Whether the action may go ahead. */
  readonly approved: boolean;
  /** Who decided; also who rejected. */
  readonly approvedBy?: string;
  /** When it was decided. */
  readonly approvedAt?: string;
  /** The comment of who decided. */
  readonly reason?: string;
  /** How the decision came: in `spec.approval` (`kubernetes`), or as a Temporal signal or update. */
  readonly method?: 'kubernetes' | 'signal' | 'update';
  /** Whether the API server proves who decides. A bare Temporal signal proves nothing, and neither does `spec.approval` where the admission policies of KubeSkippy are not installed. */
  readonly verified?: boolean;
  /** Whether only a decision counts for which the API server proves who made it. */
  readonly requireIdentity?: boolean;
  /** Whether whoever asked for the action may not approve it too. */
  readonly fourEyes?: boolean;
  /** The plan that was decided on. */
  readonly planDigest?: string;
  /** Until when a decision is waited for. */
  readonly expiresAt?: string;
}

/** What became of taking the change back. Absent while there was no need. */
export interface RollbackStatus {
  /** `done`; `impossible` (such a change has no inverse); `refused` (somebody else has changed the fields since, which is never overwritten); `failed`. */
  readonly outcome: 'done' | 'impossible' | 'refused' | 'failed';
  /** The same in words for people. */
  readonly message?: string;
  /** When it was settled. */
  readonly time?: string;
}

/** One entry of the record. */
export interface AuditEntry {
  /** Number of the entry, from 1. */
  readonly seq: number;
  /** `claim` (may act from now on), `intent` (about to write), `outcome` (what came of it) or `end` (how the action ended; nothing comes after it). */
  readonly kind: 'claim' | 'intent' | 'outcome' | 'end';
  /** Which change, `execute` or `rollback`. */
  readonly step?: 'execute' | 'rollback';
  /** Which try, from 1. */
  readonly attempt?: number;
  /** Of an outcome: whether the change was made (`done`) or not (`none`). */
  readonly effect?: 'done' | 'none';
  /** Digest of the plan it was about, which covers the target's UID and the exact change. */
  readonly planDigest?: string;
  /** What it was about, for people. */
  readonly summary?: string;
  /** When it was recorded. */
  readonly time: string;
  /** Digest of this entry, of `prev` and of the names of action and target. */
  readonly digest: string;
  /** Digest of the entry before; absent for the first. */
  readonly prev?: string;
}
