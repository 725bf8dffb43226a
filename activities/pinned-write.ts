import { guardedPatch } from '../src/actions/guarded-patch.ts';
import type { Marker } from '../src/actions/define-action.ts';
import type { KubeObject } from '../src/api/meta.ts';
import { canonical } from '../src/domain/canonical.ts';
import { desiredState } from '../src/domain/desired-state.ts';
import type { ClusterPort, Write, WriteOptions, WriteResult } from '../src/ports/cluster.ts';

/** So often the version may move on between two requests that follow each other at once. */
const TRIES = 12;

/**
 * An eviction or deletion of the object in the state in which it was claimed. All that it can be pinned to is a version,
 * and a busy status moves that on many times a second: then everything that the claim has tested is tested again, by a
 * patch that changes nothing, and the version that this returns is tried.
 */
export async function writePinned(
  cluster: Pick<ClusterPort, 'write'>,
  write: Extract<Write, { type: 'evict' | 'delete' }>,
  claimed: KubeObject,
  marker: Marker,
  options: WriteOptions,
): Promise<WriteResult> {
  let object = claimed;
  for (let tries = 1; ; tries++) {
    const written = await cluster.write({ ...write, resourceVersion: object.metadata.resourceVersion }, options);
    if (written.result !== 'conflict' || tries === TRIES) return written;
    const again = await cluster.write(guardedPatch(object, marker, []), {
      ...options,
      auditId: `${options.auditId}/claim`,
    });
    if (again.result !== 'written') return again;
    if (meant(again.object) !== meant(object)) return written; // plan, policy and protection are for this version no more
    object = again.object;
  }
}

/** All of an object that changes only when somebody wants it to; its generation tells of what came and went in between. */
const meant = (object: KubeObject): string => canonical([desiredState(object), object.metadata.generation ?? null]);
