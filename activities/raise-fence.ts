import { randomUUID } from 'node:crypto';
import type { KubeObject } from '../src/api/meta.ts';
import type { Marker } from '../src/actions/define-action.ts';
import { FENCE_KEY, guardedPatch } from '../src/actions/guarded-patch.ts';
import { setInMap } from '../src/domain/json-patch.ts';
import type { ClusterPort, WriteResult } from '../src/ports/cluster.ts';
import type { Attempt } from './attempt.ts';

/**
 * Changes the fence on the target, so that the write of whoever has read it before fails. Itself fails if the target is
 * not as it was read, or carries the marker.
 */
export function raiseFence(
  cluster: ClusterPort,
  live: KubeObject,
  marker: Marker,
  attempt: Attempt,
): Promise<WriteResult> {
  const guarded = guardedPatch(live, marker, []);
  // Another value each time: the same one twice would not stop who has seen it the first time.
  const raised = setInMap(live.metadata.annotations, ['metadata', 'annotations'], FENCE_KEY, randomUUID());
  const operations = [...guarded.operations, ...raised].filter(
    (operation) => operation.op === 'test' || raised.includes(operation),
  );
  return cluster.write(
    { ...guarded, operations },
    { auditId: `${attempt.auditId}/fence`, dryRun: false, deadline: attempt.deadline },
  );
}
