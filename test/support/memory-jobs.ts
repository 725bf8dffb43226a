import type { Job, Pod } from '../../src/api/workloads.ts';
import { refOf, type MemoryApiServer } from './memory-api-server.ts';
import { controlledBy } from './objects.ts';

/**
 * The Job controller, for which nothing takes any time: one pod, once. Its container ends well at once, unless its image
 * says that it is `slow` (never ends by itself) or that it `fails`.
 */
export function reconcileJobs(api: MemoryApiServer): void {
  for (const job of api.list('Job') as Job[]) {
    const { namespace = '', name } = job.metadata;
    if (job.spec.suspend === true || job.status !== undefined || job.metadata.deletionTimestamp !== undefined) continue;
    const { template } = job.spec;
    api.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${name}-pod`,
        namespace,
        labels: { ...template.metadata?.labels, 'batch.kubernetes.io/job-name': name },
        ownerReferences: [controlledBy(job)],
      },
      spec: template.spec,
    });
    const [container] = template.spec.containers;
    api.edit(refOf(job), (object) => ({ ...object, status: { active: 1 } }));
    if (container?.image?.includes('slow') === true) continue;
    finishJob(api, job, container?.image?.includes('fails') === true ? 3 : 0);
  }
}

/** The Job's only container ends. */
export function finishJob(api: MemoryApiServer, job: Job, exitCode: number, message = 'ended'): void {
  const { namespace = '', name } = job.metadata;
  const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message };
  const status: Pod['status'] = {
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: [
      { name: job.spec.template.spec.containers[0]?.name ?? '', restartCount: 0, state: { terminated } },
    ],
  };
  api.edit({ apiVersion: 'v1', kind: 'Pod', namespace, name: `${name}-pod` }, (pod) => ({ ...pod, status }));
  const condition =
    exitCode === 0
      ? { type: 'Complete', status: 'True', reason: 'CompletionsReached' }
      : {
          type: 'Failed',
          status: 'True',
          reason: 'BackoffLimitExceeded',
          message: 'Job has reached the specified backoff limit',
        };
  api.edit(refOf(job), (object) => ({ ...object, status: { conditions: [condition] } }));
}
