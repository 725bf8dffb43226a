import type { ObjectRef } from '../domain/target-ref.ts';

/** Somebody as the API server has authenticated them. */
export interface Person {
  readonly username: string;
  readonly groups: readonly string[];
}

/** What the API server vouches for about the people who ask and decide. */
export interface IdentityPort {
  /**
   * Whether the API server refuses HealingActions of this namespace that lie about who asks or decides. Only then a name
   * in one proves anything. Throws while that cannot be told.
   */
  vouched(namespace: string): Promise<boolean>;
  /** Whether this person may decide about this HealingAction, as of now. */
  mayApprove(person: Person, action: ObjectRef): Promise<boolean>;
}
