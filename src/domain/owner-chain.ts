import type { KubeObject, OwnerReference } from '../api/meta.ts';

/** Pod, ReplicaSet, Deployment, a custom resource or two above it: deeper is a cycle. */
export const MAX_OWNERS = 5;

/** Who manages the object; owners without `controller: true` only keep it from being collected. */
export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find((owner) => owner.controller === true);

/**
 * The object and its controllers, nearest first. It ends early at a controller that `lookup` does not know, so whoever
 * needs the whole chain must compare the last member's `controllerOf` with undefined.
 */
export function ownerChain(
  object: KubeObject,
  lookup: (owner: OwnerReference, namespace: string | undefined) => KubeObject | undefined,
): readonly KubeObject[] {
  const chain = [object];
  const seen = new Set([object.metadata.uid]);
  for (let last = object; chain.length <= MAX_OWNERS;) {
    const owner = controllerOf(last);
    if (owner === undefined || seen.has(owner.uid)) break;
    const found = lookup(owner, last.metadata.namespace);
    // By uid: a namesake that was made later controls nothing that it did not adopt.
    if (found?.metadata.uid !== owner.uid) break;
    chain.push(found);
    seen.add(owner.uid);
    last = found;
  }
  return chain;
}
