import { createHash } from 'node:crypto';
import type { PodTemplateSpec } from '../api/workloads.ts';
import { canonical } from '../domain/canonical.ts';

const HASH_LABEL = 'pod-template-hash';

/** The template as its author wrote it: without the label by which the Deployment controller tells ReplicaSets apart. */
export function authoredTemplate(template: PodTemplateSpec): PodTemplateSpec {
  const labels = template.metadata?.labels;
  if (labels?.[HASH_LABEL] === undefined) return template;
  const { [HASH_LABEL]: _hash, ...kept } = labels;
  return { ...template, metadata: { ...template.metadata, labels: kept } };
}

/** Equal for equal templates, whatever order their fields are in. */
export const templateDigest = (template: PodTemplateSpec): string =>
  createHash('sha256')
    .update(canonical(authoredTemplate(template)))
    .digest('hex')
    .slice(0, 16);
