import type { PodTemplateSpec } from '../api/workloads.ts';
import { digestOf } from './digest.ts';

const HASH_LABEL = 'pod-template-hash';

/**
 * The template as its author wrote it: without the label by which the Deployment controller tells ReplicaSets apart, and
 * without what older API servers and revisions that are kept as a patch write beside it.
 */
export function authoredTemplate(template: PodTemplateSpec): PodTemplateSpec {
  const { $patch: _patch, metadata, ...rest } = template as PodTemplateSpec & { readonly $patch?: string };
  if (metadata === undefined) return rest;
  const {
    creationTimestamp: _created,
    labels,
    ...kept
  } = metadata as typeof metadata & {
    readonly creationTimestamp?: string | null;
  };
  if (labels === undefined) return { ...rest, metadata: kept };
  const { [HASH_LABEL]: _hash, ...own } = labels;
  return { ...rest, metadata: { ...kept, labels: own } };
}

/** Equal for equal templates, whatever order their fields are in. */
export const templateDigest = (template: PodTemplateSpec): string => digestOf(authoredTemplate(template)).slice(0, 16);
