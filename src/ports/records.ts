import type { HealingAction, HealingActionSpec, HealingActionStatus } from '../api/healing-action.ts';
import type { HealingPolicy, HealingPolicyStatus } from '../api/healing-policy.ts';
import type { ObjectRef } from '../domain/target-ref.ts';

/** HealingActions: the requests, and the record of what became of them. */
export interface ActionRecords {
  /** Undefined when it is gone; with `uid` also when another object has its name now. */
  read(ref: NamedRecord): Promise<HealingAction | undefined>;
  /** All HealingActions of all namespaces, those of one, or those that the policy of this name has made. */
  list(of?: { readonly namespace: string; readonly policy?: string }): Promise<readonly HealingAction[]>;
  /** Creates it, or returns the one that has this name already. */
  create(action: NewAction): Promise<HealingAction>;
  /**
   * Reads, changes and writes the status until no one else wrote in between. `change` returns the whole new status, or
   * undefined to leave it. Undefined when the action is gone. Given an action instead of a reference, the first try is
   * made from that: a caller who has just read it saves a request.
   */
  update(
    from: ObjectRef | HealingAction,
    change: (action: HealingAction) => HealingActionStatus | undefined,
  ): Promise<HealingAction | undefined>;
  /**
   * Sets our finalizer on exactly this version of the action. `conflict`: somebody wrote it since it was read, e.g.
   * to delete it; `gone`: it is not there any more.
   */
  hold(action: HealingAction): Promise<HealingAction | 'conflict' | 'gone'>;
  /** Deletes exactly this version of the action; `changed`: it is another by now, or gone. */
  remove(ref: ObjectRef, resourceVersion: string): Promise<'removed' | 'changed'>;
  /** Removes our finalizer. Safe to repeat. */
  release(ref: ObjectRef): Promise<void>;
}

export interface NewAction {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: HealingActionSpec;
}

/** By name, whoever has it now, or the one with this uid. */
export type NamedRecord = Pick<ObjectRef, 'namespace' | 'name'> & Partial<Pick<ObjectRef, 'uid'>>;

export interface PolicyRecords {
  /** With `uid`: undefined also when another policy has its name now. */
  read(ref: NamedRecord): Promise<HealingPolicy | undefined>;
  update(
    ref: ObjectRef,
    change: (policy: HealingPolicy) => HealingPolicyStatus | undefined,
  ): Promise<HealingPolicy | undefined>;
}
