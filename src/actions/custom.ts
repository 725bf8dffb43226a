import type { KubeObject } from '../api/meta.ts';
import type { PodTemplate, PodTemplateSpec } from '../api/workloads.ts';
import { isWorkload } from '../domain/health.ts';
import { targetRefOf } from '../domain/selection.ts';
import { controllers, workloadParameters } from './controllers.ts';
import { escalations } from './custom/escalations.ts';
import {
  isJob,
  isOurs,
  isPodOf,
  isTombstone,
  jobFor,
  jobRef,
  podSelector,
  TOMBSTONE,
  tombstoneFor,
} from './custom/job.ts';
import { releaseJob } from './custom/release-job.ts';
import { resultOf } from './custom/result.ts';
import { defineAction, type Marker, type PlanInput, type PlanResult } from './define-action.ts';
import { digestOf } from './digest.ts';
import { isPod, named } from './objects.ts';

const isPodTemplate = (object: KubeObject): object is PodTemplate => object.kind === 'PodTemplate';
const digestOfTemplate = ({ metadata, spec }: PodTemplateSpec): string =>
  digestOf({ labels: metadata?.labels, annotations: metadata?.annotations, spec });

function plan({ target, related, template, action, resultWithinMs }: PlanInput): PlanResult {
  const refused = (message: string): PlanResult => ({ result: 'refused', message });
  const name = template.customAction?.podTemplateName;
  if (name === undefined) return refused('customAction.podTemplateName names no PodTemplate to make a Job from');
  const found = related.find(isPodTemplate);
  if (found === undefined)
    return refused(`there is no PodTemplate ${name} in namespace ${target.metadata.namespace ?? ''}`);
  const forbidden = escalations(found.template);
  if (forbidden.length > 0)
    return refused(`PodTemplate ${name} asks for more than a healing may have: ${forbidden.join(', ')}`);
  const { containers, initContainers = [] } = found.template.spec;
  if (containers.some((container) => container.name === TOMBSTONE))
    return refused(`PodTemplate ${name} has a container ${TOMBSTONE}, a name that is taken`);
  const workload = isPod(target) ? related.filter(isWorkload).at(-1) : undefined;
  if (isPod(target) && workload === undefined)
    return refused(`${named(target)} belongs to no workload: whether a Job has helped such a pod cannot be told`);
  const images = [...initContainers, ...containers].map(({ image = '' }) => image).join(', ');
  return {
    result: 'planned',
    parameters: {
      action: action.name,
      podTemplate: name,
      podTemplateDigest: digestOfTemplate(found.template),
      activeDeadlineSeconds: String(Math.max(1, Math.floor(resultWithinMs / 1_000))),
      ...(workload === undefined ? {} : workloadParameters(workload)),
    },
    summary: `run a Job from PodTemplate ${name} (${images}) for ${named(target)}; what it does cannot be taken back`,
    // Said on purpose, not left out.
    ...(template.requiresApproval === false
      ? {}
      : { approvalReason: `a Job runs code in the namespace (requiresApproval: false would permit it)` }),
  };
}

const jobOf = (related: readonly KubeObject[]) => related.find(isJob);
const podsOf = (related: readonly KubeObject[], marker: Marker) => related.filter((object) => isPodOf(object, marker));

/** Runs a Job of the namespace's own, once, and takes its result for the effect's; the target's health is verified after. */
export const custom = defineAction({
  type: 'custom',
  kinds: [
    { apiVersion: 'v1', kind: 'Pod' },
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { apiVersion: 'apps/v1', kind: 'StatefulSet' },
    { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  ],
  reversible: false,
  looksBack: false,

  async gather(cluster, { target, namespace, template, marker, parameters = {} }) {
    const name = template.customAction?.podTemplateName;
    const [podTemplate, owners, job, pods] = await Promise.all([
      name === undefined ? undefined : cluster.get({ apiVersion: 'v1', kind: 'PodTemplate', namespace, name }),
      target === undefined ? [] : controllers(cluster, target),
      marker === undefined ? undefined : cluster.get(jobRef(namespace, parameters, marker)),
      marker === undefined ? [] : cluster.list({ apiVersion: 'v1', kind: 'Pod', namespace }, podSelector(marker)),
    ]);
    return [podTemplate, ...owners, job, ...pods].filter((object) => object !== undefined);
  },

  plan,

  execute({ target, related, parameters, marker }) {
    const { podTemplate = '', podTemplateDigest } = parameters;
    const found = related.find(isPodTemplate);
    if (found === undefined || digestOfTemplate(found.template) !== podTemplateDigest)
      return { result: 'drifted', message: `PodTemplate ${podTemplate} was changed after the plan was made` };
    const object = jobFor(found.template, targetRefOf(target), parameters, marker);
    return {
      result: 'effect',
      write: { type: 'create', target: jobRef(target.metadata.namespace ?? '', parameters, marker), object },
      changes: [{ field: 'Job', oldValue: '', newValue: object.metadata.name }],
    };
  },

  inverse: () => undefined, // what a program did, only another one can take back

  baseline: ({ metadata }) => metadata.uid,

  confirm({ related, marker }) {
    const job = jobOf(related);
    if (job === undefined)
      return podsOf(related, marker).length === 0
        ? 'not-applied'
        : { unknown: 'the Job was started, and somebody has removed it: its result cannot be told' };
    if (isTombstone(job)) return 'not-applied';
    return isOurs(job, marker)
      ? 'applied'
      : { unknown: `somebody else has a Job ${job.metadata.name}: nothing can be created under that name` };
  },

  occupy: ({ namespace, parameters, marker }) => ({
    type: 'create',
    target: jobRef(namespace, parameters, marker),
    object: tombstoneFor(namespace, parameters, marker),
  }),

  release({ related, marker }) {
    const job = jobOf(related);
    return job === undefined || !isOurs(job, marker) ? undefined : releaseJob(job);
  },

  outlook({ related, marker }) {
    const job = jobOf(related);
    if (job === undefined) return { state: 'lost', detail: 'the Job was removed before its result was recorded' };
    return resultOf(job, podsOf(related, marker));
  },
});
