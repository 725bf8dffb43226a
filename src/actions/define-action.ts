import type { KubeObject } from '../api/meta.ts';
import type { Pod } from '../api/workloads.ts';
import type { ActionTemplate } from '../api/healing-action.ts';
import type { ObjectRef, TargetRef } from '../domain/target-ref.ts';
import type { Measurement } from '../domain/verdict.ts';
import type { ClusterReader, Write } from '../ports/cluster.ts';

/** One field that an effect changes, for the action's status and for rollback. */
export interface FieldChange {
  readonly field: string;
  readonly oldValue: string;
  readonly newValue: string;
}

/** Absolute values, resolved once: what was approved is what is done, however often it is tried. */
export type Parameters = Readonly<Record<string, string>>;

export interface GatherInput<Target extends KubeObject = KubeObject> {
  /** Undefined when it is gone. */
  readonly target: Target | undefined;
  readonly namespace: string;
  readonly template: ActionTemplate;
  /** Names the try whose traces are looked for; absent while planning. */
  readonly marker?: Marker;
  /** What was planned; absent while planning. */
  readonly parameters?: Parameters;
}

/** Why an object must not be touched; undefined when nothing speaks against it. */
export type Protection = (object: KubeObject) => string | undefined;

export interface PlanInput<Target extends KubeObject = KubeObject> {
  readonly target: Target;
  /** What `gather` returned. */
  readonly related: readonly KubeObject[];
  readonly template: ActionTemplate;
  /** RFC 3339 with milliseconds; fixed at plan time. */
  readonly stamp: string;
  /** Revisions that the policy has seen ready for long enough: uids of ReplicaSets, else as `revisionKey` says. */
  readonly seenGood: readonly string[];
  /** Digests of templates of this target that earlier actions have left because they failed. */
  readonly failed: readonly string[];
  /** The action for which it is planned. */
  readonly action: ObjectRef;
  /** After the effect, how long its result can still count, in milliseconds. */
  readonly resultWithinMs: number;
  /** For objects beside the target that the action would change as well. */
  readonly protection?: Protection;
}

/** Of a plan's `change`, in characters: as much as `status.plan.change` takes. */
export const MAX_CHANGE = 8_192;

export type PlanResult =
  | {
      readonly result: 'planned';
      readonly parameters: Parameters;
      /** What does not fit into parameters, as JSON; no longer than {@link MAX_CHANGE}. */
      readonly change?: string;
      /** One line: what will change. */
      readonly summary: string;
      /** Why a person must agree even if the policy does not ask for it. */
      readonly approvalReason?: string;
      /** Where it depends on the plan whether the change can be taken back. */
      readonly reversible?: boolean;
    }
  | { readonly result: 'refused'; readonly message: string };

/** What a plan has resolved. */
export interface Resolved {
  readonly parameters: Parameters;
  readonly change?: string;
}

export interface EffectInput<Target extends KubeObject = KubeObject> extends Resolved {
  readonly target: Target;
  readonly related: readonly KubeObject[];
  readonly marker: Marker;
  /** As in {@link PlanInput}, by the policy as it is now. */
  readonly protection?: Protection;
}

export interface ConfirmInput<Target extends KubeObject = KubeObject> extends Resolved {
  /** Undefined when the object is gone. */
  readonly target: Target | undefined;
  readonly uid: string;
  readonly related: readonly KubeObject[];
  readonly marker: Marker;
}

export interface PendingInput extends Resolved {
  /** The workload's own, those being deleted included. */
  readonly pods: readonly Pod[];
}

/** What is left to make something anew from when the target itself is gone. */
export type RecreateInput = Pick<EffectInput, 'parameters' | 'change' | 'marker'>;

/** The target may be gone. */
export interface OccupyInput {
  readonly namespace: string;
  readonly parameters: Parameters;
  readonly marker: Marker;
}

/** What verification looks at before, or instead of, the health of the target. */
export type Outlook =
  | Measurement
  /** Another object's health is what counts. */
  | { readonly state: 'elsewhere'; readonly subject: TargetRef };

/** Written in the same write as the effect, so that the effect can be recognised whatever crashed. */
export interface Marker {
  readonly key: string;
  readonly value: string;
}

export type Effect =
  | {
      readonly result: 'effect';
      /** What is written, when it is not the target itself. */
      readonly on?: KubeObject;
      /** An annotation-only claim on it, for effects that cannot carry the marker themselves. */
      readonly claim?: Write;
      readonly write: Write;
      readonly changes: readonly FieldChange[];
      /** The effect has several parts, and this is not the last. */
      readonly unfinished?: true;
      /** Before the next part, in milliseconds; at once when absent. */
      readonly pauseMs?: number;
    }
  /** The next part of the effect has to wait for the world: ask again. */
  | { readonly result: 'wait'; readonly message: string; readonly retryAfterMs: number }
  /** What the plan was made from is no longer so: plan again. */
  | { readonly result: 'drifted'; readonly message: string };

/** Whether the effect is there; of one that has several parts, which of them are (for people), or why nobody can tell. */
export type Confirmation = 'applied' | 'not-applied' | { readonly partly: string } | { readonly unknown: string };

export interface ActionDefinition<Target extends KubeObject = KubeObject> {
  readonly type: ActionTemplate['type'];
  readonly kinds: readonly { readonly apiVersion: string; readonly kind: string }[];
  /** Whether an effect can be taken back; a plan may know better. */
  readonly reversible: boolean;
  /** A change that did not heal but made nothing worse either is kept, and not taken back. */
  readonly keptUnlessWorse?: true;
  /** Whether the mark on such a target only announces the effect, and does not come with it. */
  markIsClaim?(kind: string): boolean;
  /** Whether planning asks which revisions were seen good, and which have failed. */
  readonly looksBack: boolean;
  /** The objects beside the target that planning and execution look at. */
  gather(cluster: ClusterReader, input: GatherInput<Target>): Promise<readonly KubeObject[]>;
  /** Pure: live state to resolved parameters. */
  plan(input: PlanInput<Target>): PlanResult;
  /** Pure: live state and parameters to one guarded write. */
  execute(input: EffectInput<Target>): Effect;
  /** Pure: the write that takes back exactly what `execute` changed; undefined when nothing can. */
  inverse(input: EffectInput<Target>): Effect | undefined;
  /** Pure: the write that makes a target anew that the effect has removed; undefined when nothing can. */
  recreate?(input: RecreateInput): Effect | undefined;
  /** A digest of what `execute` changes, as it is now: still the same later means that nobody changed it since. */
  baseline(target: Target, plan: Resolved): string;
  /** Is the effect visible, although the marker may be missing? */
  confirm(input: ConfirmInput<Target>): Confirmation;
  /** Everything that a sleeping attempt may be about to write. Absent: the target alone. */
  writtenTo?(input: EffectInput<Target>): readonly KubeObject[];
  /**
   * For effects that create something, of which the target shows nothing: the write that takes the name away under which
   * every attempt would create it, so that no sleeping one can any more.
   */
  occupy?(input: OccupyInput): Write;
  /** What still has to be let go at the end of the action, when everything is recorded. */
  release?(input: ConfirmInput<Target>): Write | undefined;
  /** Why nothing can prove anything yet: which of the workload's pods are still on their way out. */
  pending?(input: PendingInput): string | undefined;
  /** What can be said of the result beyond the target's health; undefined when that is all that counts. */
  outlook?(input: ConfirmInput<Target>): Outlook | undefined;
}

export const defineAction = <Target extends KubeObject>(
  definition: ActionDefinition<Target>,
): ActionDefinition<Target> => definition;
