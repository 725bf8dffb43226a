import type { KubeObject } from '../api/meta.ts';
import { pointer, type JsonPatchOperation } from './json-patch.ts';

/** Takes one finalizer off exactly this object, if the others are still those that were read; undefined when it has none. */
export function withoutFinalizer(
  { metadata: { uid, finalizers = [] } }: KubeObject,
  finalizer: string,
): readonly JsonPatchOperation[] | undefined {
  if (!finalizers.includes(finalizer)) return undefined;
  const path = pointer('metadata', 'finalizers');
  return [
    { op: 'test', path: pointer('metadata', 'uid'), value: uid },
    { op: 'test', path, value: finalizers },
    { op: 'replace', path, value: finalizers.filter((other) => other !== finalizer) },
  ];
}
