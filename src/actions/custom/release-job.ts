import { FINALIZER } from '../../api/constants.ts';
import type { KubeObject } from '../../api/meta.ts';
import { pointer } from '../../domain/json-patch.ts';
import { targetRefOf } from '../../domain/selection.ts';
import type { Write } from '../../ports/cluster.ts';

/** So long a finished Job stays for its logs, unless its action is deleted earlier. */
const KEPT_SECONDS = 24 * 60 * 60;

/** Nothing is recorded of the Job any more: it may go. Undefined when nothing of ours holds it. */
export function releaseJob(job: KubeObject): Write | undefined {
  const { uid, finalizers = [] } = job.metadata;
  if (!finalizers.includes(FINALIZER)) return undefined;
  const path = pointer('metadata', 'finalizers');
  return {
    type: 'patch',
    target: targetRefOf(job),
    operations: [
      { op: 'test', path: '/metadata/uid', value: uid },
      { op: 'test', path, value: finalizers },
      { op: 'replace', path, value: finalizers.filter((finalizer) => finalizer !== FINALIZER) },
      { op: 'add', path: '/spec/ttlSecondsAfterFinished', value: KEPT_SECONDS },
    ],
  };
}
