import type { KubeObject } from '../api/meta.ts';
import { isWorkload } from '../domain/health.ts';
import { pointer, type JsonPatchOperation } from '../domain/json-patch.ts';
import { controllerOf } from '../domain/owner-chain.ts';
import { targetRefOf } from '../domain/selection.ts';
import { controllers, workloadParameters } from './controllers.ts';
import { defineAction, type Parameters, type PlanInput, type PlanResult } from './define-action.ts';
import { guardedPatch } from './guarded-patch.ts';
import { fromManifest, keptManifest } from './kept-manifest.ts';
import { isPod, named } from './objects.ts';

/** As it is bound by the plan and shown to people. */
const listed = ({ metadata: { finalizers = [] } }: KubeObject): string => finalizers.join(', ');
const MAX_PARAMETER = 256;

function plan({ target, related, template }: PlanInput): PlanResult {
  const { force, gracePeriodSeconds, propagationPolicy, keepManifest } = template.deleteAction ?? {};
  const refused = (message: string): PlanResult => ({ result: 'refused', message: `${named(target)} ${message}` });
  const finalizers = listed(target);
  if (force === true && finalizers.length > MAX_PARAMETER)
    return refused('has more finalizers than a plan can name: nobody could approve that they are taken away');
  // Only pods end gracefully; the pods of a workload end as they themselves say.
  const grace = isPod(target) ? gracePeriodSeconds : undefined;
  const how: Parameters = {
    ...(grace === undefined ? {} : { gracePeriodSeconds: String(grace) }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(force === true ? { finalizers } : {}),
  };
  const reasons = [
    ...(force === true ? [`takes away the finalizers (${finalizers === '' ? 'now none' : finalizers})`] : []),
    ...(grace === 0 ? ['gives the pod no time to end by itself'] : []),
  ];

  if (controllerOf(target) !== undefined) {
    const workload = related.at(-1);
    if (workload === undefined || !isWorkload(workload))
      return refused(
        `belongs to ${controllerOf(target)?.kind ?? ''} ${controllerOf(target)?.name ?? ''}: whether a deletion helps such an object cannot be told`,
      );
    return {
      result: 'planned',
      parameters: { ...workloadParameters(workload), ...how },
      summary: `delete ${named(target)}, so that ${workload.kind ?? ''} ${workload.metadata.name} makes another; this cannot be taken back`,
      reversible: false,
      ...approvalReason(reasons),
    };
  }
  if (keepManifest !== true)
    return refused(
      'has no controller: nothing would make it again. deleteAction.keepManifest permits to delete it all the same',
    );
  const kept = keptManifest(target);
  if (kept.result === 'refused') return refused(`cannot be deleted with its manifest kept: ${kept.message}`);
  return {
    result: 'planned',
    parameters: how,
    change: kept.manifest,
    summary: `delete ${named(target)}, which nothing makes again; taken back, it is made from its kept manifest as a new object, without what it held`,
    reversible: true,
    ...approvalReason(['removes what nothing would make again', ...reasons]),
  };
}

const approvalReason = (reasons: readonly string[]): { readonly approvalReason?: string } =>
  reasons.length === 0 ? {} : { approvalReason: `the deletion ${reasons.join(', and ')}` };

/** Why what was planned no longer fits the live object; undefined when it does. */
function drift(
  target: KubeObject,
  owner: string | undefined,
  planned: Parameters,
  change?: string,
): string | undefined {
  if (owner !== planned['workloadUid']) return 'whoever would make it again is another one by now';
  if (change === undefined) return undefined;
  const { finalizers, ...metadata } = target.metadata;
  const before = wasForced(target, planned) ? planned['finalizers']?.split(', ') : finalizers;
  const kept = keptManifest({
    ...target,
    metadata: { ...metadata, ...(before === undefined ? {} : { finalizers: before }) },
  });
  return kept.result === 'kept' && kept.manifest === change ? undefined : 'it was changed after its manifest was kept';
}

/** An attempt that was broken off has taken the finalizers away already. */
const wasForced = (target: KubeObject, { finalizers = '' }: Parameters): boolean =>
  finalizers !== '' && listed(target) === '';

/**
 * Deletes the one object that was looked at, so that its controller makes another. What nothing would make again is only
 * deleted when the policy says so; its manifest is kept in the plan then, and it is made anew from that if the deletion
 * did not help.
 */
export const deletion = defineAction({
  type: 'delete',
  kinds: [
    { apiVersion: 'v1', kind: 'Pod' },
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { apiVersion: 'apps/v1', kind: 'StatefulSet' },
    { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  ],
  reversible: false,
  markIsClaim: () => true,
  looksBack: false,

  gather: (cluster, { target }) => (target === undefined ? Promise.resolve([]) : controllers(cluster, target)),

  plan,

  execute({ target, related, parameters, change, marker }) {
    const { gracePeriodSeconds, propagationPolicy, finalizers } = parameters;
    const drifted = drift(target, related.at(-1)?.metadata.uid, parameters, change);
    if (drifted !== undefined) return { result: 'drifted', message: `${named(target)}: ${drifted}` };
    const forced = target.metadata.annotations?.[marker.key] !== undefined && wasForced(target, parameters);
    if (finalizers !== undefined && finalizers !== listed(target) && !forced)
      return { result: 'drifted', message: `${named(target)} has other finalizers than those that were looked at` };
    const held = target.metadata.finalizers ?? [];
    const path = pointer('metadata', 'finalizers');
    const release: readonly JsonPatchOperation[] =
      finalizers === undefined || held.length === 0
        ? []
        : [
            { op: 'test', path, value: held },
            { op: 'remove', path },
          ];
    return {
      result: 'effect',
      claim: guardedPatch(target, marker, release),
      write: {
        type: 'delete',
        target: targetRefOf(target),
        uid: target.metadata.uid,
        ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: Number(gracePeriodSeconds) }),
        ...(isPropagation(propagationPolicy) ? { propagationPolicy } : {}),
      },
      changes: [
        { field: 'metadata.uid', oldValue: target.metadata.uid, newValue: 'deleted' },
        ...(finalizers === undefined || finalizers === ''
          ? []
          : [{ field: 'metadata.finalizers', oldValue: finalizers, newValue: 'none' }]),
      ],
    };
  },

  inverse: () => undefined, // what is still there was not deleted

  recreate({ change, marker }) {
    if (change === undefined) return undefined;
    const object = fromManifest(change, [marker.key, marker.value]);
    return {
      result: 'effect',
      write: { type: 'create', target: targetRefOf(object), object },
      changes: [{ field: 'metadata.uid', oldValue: '', newValue: 'new' }],
    };
  },

  baseline: (target) => target.metadata.uid,

  confirm({ target, uid, parameters, marker }) {
    // It is wanted that it goes, whoever comes first with that.
    if (target?.metadata.uid !== uid || target.metadata.deletionTimestamp !== undefined) return 'applied';
    const claimed = target.metadata.annotations?.[marker.key] !== undefined;
    return claimed && wasForced(target, parameters) ? { partly: 'its finalizers taken away' } : 'not-applied';
  },

  outlook({ target, uid, parameters }) {
    if (parameters['workloadUid'] !== undefined) return undefined; // what replaces it is what counts
    if (target === undefined) return { state: 'healthy', detail: 'it is gone, and nothing has replaced it' };
    if (target.metadata.uid !== uid) return { state: 'elsewhere', subject: targetRefOf(target) };
    const holders = target.metadata.finalizers === undefined ? '' : `, held by ${listed(target)}`;
    return { state: 'settling', detail: `${named(target)} is still being deleted${holders}` };
  },
});

const isPropagation = (value: string | undefined): value is 'Orphan' | 'Background' | 'Foreground' =>
  value === 'Orphan' || value === 'Background' || value === 'Foreground';
