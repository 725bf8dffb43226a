// Generated from crds/healingactions.yaml and crds/healingpolicies.yaml by `npm run gen`. Do not edit.

/** One remedy. `type` says which one of `restartAction`, `scaleAction`, `patchAction`, `deleteAction` and `customAction` is given; `restart`, `delete` and `undo` need none. */
export interface ActionTemplate {
  /** Name by which HealingActions refer to the remedy; unique within the policy. When absent it is the type and the position, counted from 1: `restart-1`. */
  readonly name?: string;
  /** What is done to the target: `restart` its Pods, `scale` its replicas, `patch` fields of it, `delete` it so that its owner makes it anew, `undo` its last rollout (back to the last good revision), or run a Job of your own (`custom`). */
  readonly type: 'restart' | 'scale' | 'patch' | 'delete' | 'undo' | 'custom';
  /** For people; shown wherever the action is. */
  readonly description?: string;
  /** How to restart. A restart cannot be undone. */
  readonly restartAction?: RestartAction;
  /** How to change the number of replicas. */
  readonly scaleAction?: ScaleAction;
  /** Which fields of the target to change. Give `patch`, or `patches`; when both are there, `patches` is applied. */
  readonly patchAction?: PatchAction;
  /** How to delete. A deletion cannot be undone, except where the manifest is kept. */
  readonly deleteAction?: DeleteAction;
  /** A Job of your own that heals. Its program must be idempotent. */
  readonly customAction?: CustomAction;
  /** Order among the actions of the policy: the lowest number is tried first. Equal numbers keep the order of the list. Default: `50`. */
  readonly priority?: number;
  /** Whether a person must approve this action whatever the mode. Absent means false. */
  readonly requiresApproval?: boolean;
}

/** How to restart. A restart cannot be undone. */
export interface RestartAction {
  /** `rolling` restarts a workload as `kubectl rollout restart` does, if its own update strategy takes down at most `maxConcurrent` Pods at a time; if not, and for `graceful` always, its Pods are evicted, the next when those before are replaced and Ready. `recreate` evicts the next as soon as one before is gone. A single Pod is evicted, whatever the strategy. Default: `"rolling"`. */
  readonly strategy?: 'recreate' | 'rolling' | 'graceful';
  /** How many Pods of a workload may be down for the restart at the same time. Default: `1`. */
  readonly maxConcurrent?: number;
  /** Seconds that an evicted Pod gets to end by itself. 0 kills it at once. Default: `30`. */
  readonly gracePeriodSeconds?: number;
}

/** How to change the number of replicas. */
export interface ScaleAction {
  /** `up` adds `replicas` to the present number, `down` takes them away, `absolute` sets the number to `replicas`. */
  readonly direction: 'up' | 'down' | 'absolute';
  /** Size of the step, or the number itself for `absolute`. Example: 2. */
  readonly replicas: number;
  /** The number never goes below this; a larger step is cut short. Default: `0`. */
  readonly minReplicas?: number;
  /** The number never goes above this; a larger step is cut short. Default: `100`. */
  readonly maxReplicas?: number;
}

/** Which fields of the target to change. Give `patch`, or `patches`; when both are there, `patches` is applied. */
export interface PatchAction {
  /** How `patch` is written: `strategic` (strategic merge patch), `merge` (JSON merge patch) or `json` (JSON Patch, a list of operations), as with `kubectl patch --type`. Default: `"strategic"`. */
  readonly type?: 'strategic' | 'merge' | 'json';
  /** The patch as JSON or YAML. Example: `{"spec": {"paused": false}}`. */
  readonly patch?: string;
  /** Fields to set, one by one; an easier way to write a patch. */
  readonly patches?: readonly FieldPatch[];
  /** Further fields that the patch may change, beside those that are safe by default, as JSON Pointers; `*` stands for any one key or item. Some fields are never changed. */
  readonly allowPaths?: readonly string[];
}

/** One field and its new value. */
export interface FieldPatch {
  /** The way to the field, one name after the other, for example `[spec, template, metadata, labels, tier]`. */
  readonly path: readonly string[];
  /** New value. It is read as JSON where it is JSON (`3`, `true`, `{"a": 1}`; `null` takes the field away), otherwise as text. Labels and annotations are always text. */
  readonly value: string;
}

/** How to delete. A deletion cannot be undone, except where the manifest is kept. */
export interface DeleteAction {
  /** Seconds that a Pod gets to end by itself, whatever it asks for itself. 0 ends it at once, and a person must approve that. Without meaning for other kinds. Default: `30`. */
  readonly gracePeriodSeconds?: number;
  /** Also takes away the finalizers that would hold the object back. They are there for a reason, so a person must approve it; absent means false. */
  readonly force?: boolean;
  /** Permits to delete what has no controller, so that nothing would make it again. Its manifest is kept in the action's `status.plan.change`, and it is made again from that if the deletion does not help. A person must approve it; absent means false. */
  readonly keepManifest?: boolean;
  /** What happens to what the object owns: deleted after it (`Background`), before it (`Foreground`), or left alone (`Orphan`). Absent means what the API server does for the kind. */
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
}

/** A Job of your own that heals. Its program must be idempotent. */
export interface CustomAction {
  /** Name of a PodTemplate object in the policy's namespace from which the Job is made, for example `clear-cache`. */
  readonly podTemplateName: string;
}

/** Fires while the object, or a container of the Pod, is in a certain state. */
export interface ConditionTrigger {
  /** Condition of the object such as `Ready` or `Progressing`, or a state of a container: `CrashLoopBackOff` (from the second failed run on), `OOMKilled`, `ImagePullBackOff`, `ErrImagePull`, `InvalidImageName`, `CreateContainerConfigError`, `CreateContainerError`, `RunContainerError`. */
  readonly type: string;
  /** Status that the condition must have for the trigger to hold; quote it, or YAML reads a boolean. States of containers are `True` while they last. A condition that is absent never fires. Default: `"True"`. */
  readonly status?: 'True' | 'False' | 'Unknown';
  /** How long the state must have lasted before the trigger fires. `0s` fires at once. Default: `"2m"`. */
  readonly duration?: string;
}

/** One aspect of the state, as everywhere in Kubernetes. */
export interface Condition {
  /** Which aspect, for example `Ready`. */
  readonly type: string;
  /** Whether it holds. */
  readonly status: 'True' | 'False' | 'Unknown';
  /** Why, in one CamelCase word for programs. */
  readonly reason: string;
  /** Why, in words for people. May be empty. */
  readonly message: string;
  /** When `status` last changed. */
  readonly lastTransitionTime: string;
  /** The `metadata.generation` that the condition was judged for. */
  readonly observedGeneration?: number;
}
