import { FINALIZER } from '../../api/constants.ts';
import type { KubeObject } from '../../api/meta.ts';
import { withoutFinalizer } from '../../domain/finalizer.ts';
import { targetRefOf } from '../../domain/selection.ts';
import type { Write } from '../../ports/cluster.ts';

/** So long a finished Job stays for its logs, unless its action is deleted earlier. */
const KEPT_SECONDS = 24 * 60 * 60;

/** Nothing is recorded of the Job any more: it may go. Undefined when nothing of ours holds it. */
export function releaseJob(job: KubeObject): Write | undefined {
  const operations = withoutFinalizer(job, FINALIZER);
  if (operations === undefined) return undefined;
  const kept = { op: 'add', path: '/spec/ttlSecondsAfterFinished', value: KEPT_SECONDS } as const;
  return {
    type: 'patch',
    target: targetRefOf(job),
    // One that is being deleted goes now.
    operations: job.metadata.deletionTimestamp === undefined ? [...operations, kept] : operations,
  };
}
