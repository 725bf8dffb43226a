import type { KubeObject } from '../../api/meta.ts';

/** All that a guard may look at: read live, once, before the chain runs. */
export interface GuardInput {
  readonly target: KubeObject;
  /** The target's controllers, nearest first, as they are now. */
  readonly owners: readonly KubeObject[];
  readonly namespace: string;
  /** Namespaces in which nothing is ever touched (configuration). */
  readonly protectedNamespaces: readonly string[];
  /** The policy's `safetyRules.protectedResources`. */
  readonly protectedResources: readonly ProtectedResource[];
}

export interface ProtectedResource {
  readonly apiVersion: string;
  readonly kind: string;
  /** The names that are protected, `*` for any text; none means all. The field's name is the original's. */
  readonly excludeNames?: readonly string[];
}

/** Why the target must not be touched; undefined when this guard has no objection. */
export type Guard = (input: GuardInput) => string | undefined;

export const nameOf = (object: KubeObject): string => `${object.kind ?? 'object'} ${object.metadata.name}`;
