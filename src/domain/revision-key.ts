import type { ObjectMeta } from '../api/meta.ts';

/** Label of the pods of StatefulSets and DaemonSets. */
export const REVISION_HASH = 'controller-revision-hash';

/**
 * What a revision of a StatefulSet or DaemonSet is remembered by. `mark` is its name, or the label of its pods: of a
 * DaemonSet that leaves out the name of the set.
 */
export function revisionKey({ name, uid }: Pick<ObjectMeta, 'name' | 'uid'>, mark: string): string {
  const prefix = `${name}-`;
  return `${uid}/${mark.startsWith(prefix) ? mark.slice(prefix.length) : mark}`;
}
