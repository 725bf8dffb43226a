import { KEYS, MANAGED_BY } from '../api/constants.ts';
import type { HealingAction } from '../api/healing-action.ts';

/** Left by kubectl apply, Argo CD, Flux and Helm: whatever they manage would be made anew, and act anew. */
const FOREIGN_MARKS: readonly RegExp[] = [
  /^kubectl\.kubernetes\.io\/last-applied-configuration$/,
  /(^|\.)argocd\.argoproj\.io\//,
  /\.toolkit\.fluxcd\.io\//,
  /^meta\.helm\.sh\//,
  /^app\.kubernetes\.io\/(managed-by|instance)$/,
];

/**
 * Whether the action is a policy's own, and nobody else's: only such a one may be removed when it has ended. What people
 * wrote, what they ordered as a retry, and what a GitOps tool keeps in place stays.
 */
export function madeByPolicy({ metadata, spec }: HealingAction): boolean {
  const { labels = {}, annotations = {}, managedFields = [] } = metadata;
  return (
    labels[KEYS.managedBy] === MANAGED_BY &&
    spec.policyRef.uid !== undefined &&
    spec.policyGeneration !== undefined &&
    spec.retryOf === undefined &&
    ![...Object.keys(labels), ...Object.keys(annotations)].some((key) =>
      FOREIGN_MARKS.some((mark) => mark.test(key)),
    ) &&
    !managedFields.some(({ operation }) => operation === 'Apply')
  );
}
