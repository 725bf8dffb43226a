/** One object, by name and by identity: an object recreated under the same name is another one. */
export interface TargetRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** A HealingPolicy or HealingAction: all that a workflow is told; everything else is read from the API server. */
export interface ObjectRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** `Deployment shop/cart`, as people write it. */
export const describeTarget = (target: Pick<TargetRef, 'kind' | 'namespace' | 'name'>): string =>
  `${target.kind} ${target.namespace}/${target.name}`;
