import type { Pod } from '../../api/workloads.ts';
import type { Write } from '../../ports/cluster.ts';
import type { Marker, Parameters } from '../define-action.ts';
import { guardedPatch } from '../guarded-patch.ts';

/**
 * An eviction cannot carry the marker, so the pod is claimed by an annotation first, and the version with that on it is
 * what is evicted.
 */
export function evictionOf(
  pod: Pod,
  parameters: Parameters,
  marker: Marker,
): { readonly claim: Write; readonly write: Write } {
  const { namespace = '', name, uid } = pod.metadata;
  const grace = parameters['gracePeriodSeconds'];
  return {
    claim: guardedPatch(pod, marker, []),
    write: {
      type: 'evict',
      target: { apiVersion: 'v1', kind: 'Pod', namespace, name },
      uid,
      ...(grace === undefined ? {} : { gracePeriodSeconds: Number(grace) }),
    },
  };
}

/** As evictions take it: what the action says, else what the pod itself says. */
export const graceOf = (seconds: number | undefined): Parameters =>
  seconds === undefined ? {} : { gracePeriodSeconds: String(seconds) };
