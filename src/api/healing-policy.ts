// Generated from crds/healingpolicies.yaml by `npm run gen`. Do not edit.
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

/** Says what may go wrong with the workloads of a namespace (`triggers`), what may be done about it (`actions`) and within which limits (`safetyRules`). When a trigger fires for an object that the selector matches, the policy makes a HealingAction for that object. */
export interface HealingPolicy {
  readonly apiVersion: 'kubeskippy.io/v1alpha1';
  readonly kind: 'HealingPolicy';
  readonly metadata: ObjectMeta;
  /** What the author of the policy wants. */
  readonly spec: HealingPolicySpec;
  /** What KubeSkippy observed. Written by KubeSkippy only. */
  readonly status?: HealingPolicyStatus;
}

/** What the author of the policy wants. */
export interface HealingPolicySpec {
  /** Which objects the policy looks after. An empty selector (`{}`) means all Pods of the policy's own namespace. */
  readonly selector: TargetSelector;
  /** What counts as a fault. Any one of them is enough; each is judged for every selected object on its own. Without triggers the policy only permits HealingActions that people create. */
  readonly triggers: readonly Trigger[];
  /** What may be done about a fault, tried in the order of `priority` until one helps. Also the list of what people may ask for with a HealingAction that names this policy. */
  readonly actions: readonly ActionTemplate[];
  /** Limits that hold for everything done in the name of this policy. */
  readonly safetyRules?: SafetyRules;
  /** What happens when a trigger fires. `monitor`: it is reported what would be done, nothing is created. `dryrun`: actions run, but every write is a server-side dry run. `manual`: every action waits for a person's approval. `automatic`: actions run at once, unless they require approval themselves. Default: `"monitor"`. */
  readonly mode?: 'monitor' | 'dryrun' | 'automatic' | 'manual';
  /** What must be true after a change before it counts as a success. */
  readonly verification?: Verification;
  /** Rules for actions that wait for a person. */
  readonly approval?: ApprovalRules;
  /** How long finished HealingActions of this policy are kept. Absent means 168h (7 days). Whatever it says, at most 100 finished ones are kept, and none that still counts for a limit is removed. */
  readonly ttlAfterFinished?: string;
}

/** Which objects the policy looks after. An empty selector (`{}`) means all Pods of the policy's own namespace. */
export interface TargetSelector {
  /** Namespaces to look into, by exact name. Empty means the policy's own namespace, never all of them. */
  readonly namespaces?: readonly string[];
  /** Labels that an object must have, as everywhere in Kubernetes. `matchLabels` and `matchExpressions` must all hold. Empty or absent matches every object of the chosen kinds. */
  readonly labelSelector?: LabelSelector;
  /** Kinds of objects to look after. Empty or absent means Pods. */
  readonly resources?: readonly ResourceFilter[];
}

/** Labels that an object must have, as everywhere in Kubernetes. `matchLabels` and `matchExpressions` must all hold. Empty or absent matches every object of the chosen kinds. */
export interface LabelSelector {
  /** Label keys with the exact value each must have, for example `app: web`. */
  readonly matchLabels?: Readonly<Record<string, string>>;
  /** Rules on labels that an exact value cannot express. */
  readonly matchExpressions?: readonly LabelRequirement[];
}

/** One rule on one label. */
export interface LabelRequirement {
  /** Label key, for example `app.kubernetes.io/name`. */
  readonly key: string;
  /** How the label is compared: its value is one of `values` (`In`) or none of them (`NotIn`; also true without the label), or the label is there (`Exists`) or not (`DoesNotExist`). */
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /** Values for `In` and `NotIn`; empty for the other operators. */
  readonly values?: readonly string[];
}

/** All objects of one kind but for some. */
export interface ResourceFilter {
  /** API version of the kind, for example `v1` for Pods or `apps/v1` for Deployments. */
  readonly apiVersion: string;
  /** Kind in the singular, as in a manifest, for example `Deployment`. */
  readonly kind: string;
  /** Names of objects that are left out; `*` stands for any text. */
  readonly excludeNames?: readonly string[];
}

/** One kind of fault. `type` says which one of `metricTrigger`, `eventTrigger` and `conditionTrigger` is given; for metrics, `query`, `threshold`, `operator` and `duration` may instead stand on the trigger itself. */
export interface Trigger {
  /** Name by which status and HealingActions refer to the trigger; unique within the policy. When absent it is the type and the position, counted from 1: `condition-1`. */
  readonly name?: string;
  /** Where the fault shows: in a measurement (`metric`), in Kubernetes Events (`event`), or in the state of the object (`condition`). */
  readonly type: 'metric' | 'event' | 'condition';
  /** Fires while a measurement is beyond a threshold. */
  readonly metricTrigger?: MetricTrigger;
  /** Fires when Kubernetes reported enough matching Events about the object lately. */
  readonly eventTrigger?: EventTrigger;
  /** Fires while the object, or a container of the Pod, is in a certain state. */
  readonly conditionTrigger?: ConditionTrigger;
  /** How long after an action for this trigger and this object the trigger stays silent for the same object. `0s` means no pause. Default: `"5m"`. */
  readonly cooldownPeriod?: string;
  /** Short for `metricTrigger.query`, for triggers of type `metric`. */
  readonly query?: string;
  /** Short for `metricTrigger.threshold`, for triggers of type `metric`. */
  readonly threshold?: number;
  /** Short for `metricTrigger.operator`, for triggers of type `metric`; `>` when absent. */
  readonly operator?: '>' | '<' | '>=' | '<=' | '==' | '!=';
  /** Short for `metricTrigger.duration`, for triggers of type `metric`; 2m when absent. */
  readonly duration?: string;
}

/** Fires while a measurement is beyond a threshold. */
export interface MetricTrigger {
  /** PromQL expression, or the name of a built-in measurement such as `cpu_usage_percent`, `memory_usage_percent`, `restart_count` or `error_rate_percent`. A missing, stale or NaN value neither fires nor proves health. */
  readonly query: string;
  /** Number that the value is compared with, in the unit of the query. */
  readonly threshold: number;
  /** How the value is compared with `threshold`: the trigger holds while "value operator threshold" is true. Default: `">"`. */
  readonly operator?: '>' | '<' | '>=' | '<=' | '==' | '!=';
  /** How long the comparison must have held without interruption before the trigger fires. `0s` fires at the first such value. Default: `"2m"`. */
  readonly duration?: string;
}

/** Fires when Kubernetes reported enough matching Events about the object lately. */
export interface EventTrigger {
  /** Reason of the Events that count, for example `BackOff`; `.*` stands for any text. Absent means any reason. */
  readonly reason?: string;
  /** Type of the Events that count, `Normal` or `Warning`. Absent means both. */
  readonly type?: string;
  /** How many occurrences within `window` make the trigger fire. An Event that says it was seen five times counts five. 0 means the same as 1. Default: `1`. */
  readonly count?: number;
  /** How far back occurrences are counted, for example `10m`. Default: `"5m"`. */
  readonly window?: string;
}

/** Limits that hold for everything done in the name of this policy. */
export interface SafetyRules {
  /** Most actions within any 60 minutes, failed ones included. 0 means none at all. Default: `10`. */
  readonly maxActionsPerHour?: number;
  /** Objects that are never touched in the name of this policy, even if it selects them. */
  readonly protectedResources?: readonly ProtectedResource[];
  /** Demands that the target be healthy (all its replicas updated, available and ready) before an action counts as a success. Every success is verified like that; false or absent does not switch it off. */
  readonly requireHealthCheck?: boolean;
  /** How long the target may take to become healthy and stay so, when `verification.timeout` does not say. Default: `"5m"`. */
  readonly healthCheckTimeout?: string;
}

/** All objects of one kind, or those of certain names. */
export interface ProtectedResource {
  /** API version of the kind, for example `apps/v1`. */
  readonly apiVersion: string;
  /** Kind in the singular, for example `StatefulSet`. */
  readonly kind: string;
  /** Names of the objects that are excluded from healing; `*` stands for any text. When absent or empty, all objects of the kind are. */
  readonly excludeNames?: readonly string[];
}

/** What must be true after a change before it counts as a success. */
export interface Verification {
  /** How long the target must stay well without interruption before the action has succeeded. `0s` accepts the first good look. Default: `"2m"`. */
  readonly stabilizationWindow?: string;
  /** How long after the change, at the latest, the target must have been well for the whole stabilization window. When it runs out the action is rolled back where that is possible. Absent means `safetyRules.healthCheckTimeout`. */
  readonly timeout?: string;
  /** Measurements that must be in order as well. All of them must hold. */
  readonly queries?: readonly VerificationQuery[];
}

/** One measurement that proves health: "value operator threshold" must be true. */
export interface VerificationQuery {
  /** Short name shown in the evidence; the query itself when absent. */
  readonly name?: string;
  /** PromQL expression that gives one value. A missing, stale or NaN value is no proof of health. Its range must begin after the change, so a long range needs a long timeout. */
  readonly query: string;
  /** How the value is compared with `threshold`. */
  readonly operator: '>' | '<' | '>=' | '<=' | '==' | '!=';
  /** Number that the value is compared with, in the unit of the query. */
  readonly threshold: number;
}

/** Rules for actions that wait for a person. */
export interface ApprovalRules {
  /** How long an action waits for a decision; then it is cancelled as expired. Default: `"24h"`. */
  readonly timeout?: string;
  /** Whether the person who asked for an action may not approve it too; includes `requireIdentity`. Absent means false. */
  readonly fourEyes?: boolean;
  /** Whether only a decision in `spec.approval` counts for which the API server has proved who made it; Temporal signals are ignored then. It can only add to the healer's own setting. Absent means false. */
  readonly requireIdentity?: boolean;
}

/** What KubeSkippy observed. Written by KubeSkippy only. */
export interface HealingPolicyStatus {
  /** The state of the policy: `Ready` (understood and evaluated), `RemediationAllowed` (no limit holds it back), `Paused`. An absent condition is unknown. */
  readonly conditions?: readonly Condition[];
  /** The `metadata.generation` that this status was made for; behind it the status is stale. */
  readonly observedGeneration?: number;
  /** When the policy was last evaluated with a changed result. */
  readonly lastEvaluated?: string;
  /** Names of the triggers that fire for at least one object now. */
  readonly activeTriggers?: readonly string[];
  /** How many HealingActions the policy has made since it exists. */
  readonly actionsTaken?: number;
  /** When the policy last made a HealingAction. */
  readonly lastActionTime?: string;
  /** Fields of the spec that are accepted, but that this release of KubeSkippy does not act on, by path, for example `spec.triggers[0].type`. Empty when everything in the spec has its effect. */
  readonly notHonoured?: readonly string[];
  /** How many objects are concerned at the moment. */
  readonly counts?: PolicyCounts;
  /** The most recent decisions, newest first. */
  readonly decisions?: readonly PolicyDecision[];
}

/** How many objects are concerned at the moment. */
export interface PolicyCounts {
  /** Objects that the selector matches. */
  readonly selected?: number;
  /** Selected objects for which at least one trigger fires. */
  readonly unhealthy?: number;
  /** Pairs of trigger and object that fire. */
  readonly firing?: number;
  /** Firing pairs for which no action was made because of a limit, a cooldown, protection or an action under way. */
  readonly suppressed?: number;
}

/** What the policy decided about one firing trigger and one object, and why. */
export interface PolicyDecision {
  /** When it was decided. */
  readonly time: string;
  /** Name of the trigger that fired. */
  readonly trigger: string;
  /** The object, as `Kind/namespace/name`. */
  readonly target: string;
  /** Name of the action that was chosen; absent when none was. */
  readonly action?: string;
  /** An action was made (`Created`), would have been made in another mode (`WouldCreate`), or was held back (`Suppressed`). */
  readonly decision: 'Created' | 'WouldCreate' | 'Suppressed';
  /** Why, in one CamelCase word for programs, for example `CooldownActive`. */
  readonly reason: string;
  /** Why, in words for people. */
  readonly message?: string;
  /** Name of the HealingAction that was made. */
  readonly healingAction?: string;
}
