import type { KubeObject } from '../api/meta.ts';
import { DISABLED_KEY, PROTECTED_KEY } from '../domain/guards/protected-object.ts';
import { setInMap, testInMap, type JsonPatchOperation } from '../domain/json-patch.ts';
import type { Write } from '../ports/cluster.ts';
import type { Marker } from './define-action.ts';

export const FENCE_KEY = 'kubeskippy.io/fence';
type PatchWrite = Extract<Write, { type: 'patch' }>;
const ANNOTATIONS = ['metadata', 'annotations'];
const LABELS = ['metadata', 'labels'];

/**
 * A JSON Patch that hits the object that was read, in the state that was read, or nothing: it tests the identity, that
 * the marker is still absent (so that no second attempt can act), that no protection mark and no newer fence appeared,
 * and the caller's own part of the spec. A pinned resourceVersion would do the same but starves on a busy status.
 */
export function guardedPatch(live: KubeObject, marker: Marker, change: readonly JsonPatchOperation[]): PatchWrite {
  const { annotations, labels, namespace, name, uid } = live.metadata;
  const unique = new Map(
    [
      ...testInMap(annotations, ANNOTATIONS, marker.key),
      ...testInMap(annotations, ANNOTATIONS, FENCE_KEY),
      ...testInMap(annotations, ANNOTATIONS, PROTECTED_KEY),
      ...testInMap(annotations, ANNOTATIONS, DISABLED_KEY),
      ...testInMap(labels, LABELS, PROTECTED_KEY),
    ].map((operation) => [operation.path, operation]),
  );
  const setMarker = setInMap(annotations, ANNOTATIONS, marker.key, marker.value).filter(({ op }) => op !== 'test');
  return {
    type: 'patch',
    target: { apiVersion: live.apiVersion ?? '', kind: live.kind ?? '', namespace: namespace ?? '', name },
    operations: [{ op: 'test', path: '/metadata/uid', value: uid }, ...unique.values(), ...change, ...setMarker],
  };
}
