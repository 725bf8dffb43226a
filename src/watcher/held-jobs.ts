import { FINALIZER, KEYS } from '../api/constants.ts';
import type { KubeObject } from '../api/meta.ts';
import { withoutFinalizer } from '../domain/finalizer.ts';
import { targetRefOf } from '../domain/selection.ts';
import type { ObjectRef } from '../domain/target-ref.ts';
import { StepError } from '../errors.ts';
import type { ClusterPort } from '../ports/cluster.ts';

export type JobCluster = Pick<ClusterPort, 'list' | 'write'>;

const JOB = { apiVersion: 'batch/v1', kind: 'Job' };
const TRIES = 5;
const PATIENCE_MS = 10_000;

/** Takes our finalizer off all Jobs of an action; resolves with their names, and rejects while one of them keeps it. */
export async function releaseJobsOf(
  cluster: JobCluster,
  { namespace, uid }: Pick<ObjectRef, 'namespace' | 'uid'>,
): Promise<readonly string[]> {
  const released = new Set<string>();
  for (let tries = 0; tries < TRIES; tries++) {
    const jobs = await cluster.list({ ...JOB, namespace }, `${KEYS.actionUid}=${uid}`);
    const held = jobs.filter(({ metadata: { finalizers } }) => finalizers?.includes(FINALIZER) === true);
    if (held.length === 0) return [...released];
    for (const job of held) if (await releaseJob(cluster, job, uid)) released.add(job.metadata.name);
  }
  throw new StepError('Unavailable', `a Job of HealingAction ${uid} is written so often that it could not be let go`);
}

/** False when it is another by now than the one that was read. Throws when it may not be written. */
async function releaseJob(cluster: JobCluster, job: KubeObject, uid: string): Promise<boolean> {
  const operations = withoutFinalizer(job, FINALIZER);
  if (operations === undefined) return true;
  const target = targetRefOf(job);
  const options = { auditId: `ks/${uid}/release`, dryRun: false, deadline: Date.now() + PATIENCE_MS };
  const written = await cluster.write({ type: 'patch', target, operations }, options);
  if (written.result === 'refused' || written.result === 'blocked')
    throw new StepError(
      'Unavailable',
      `the finalizer ${FINALIZER} of Job ${target.namespace}/${target.name} could not be removed: ${written.message}`,
    );
  return written.result !== 'conflict';
}
