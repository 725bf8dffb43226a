import type { KubeObject } from '../api/meta.ts';
import type { Deployment, ReplicaSet } from '../api/workloads.ts';
import { pointer } from '../domain/json-patch.ts';
import { defineAction, type Effect, type EffectInput } from './define-action.ts';
import { guardedPatch } from './guarded-patch.ts';
import { authoredTemplate, templateDigest } from './pod-template.ts';

const REVISION = 'deployment.kubernetes.io/revision';

const revisionOf = (replicaSet: ReplicaSet): number => Number(replicaSet.metadata.annotations?.[REVISION] ?? '0');
const available = (replicaSet: ReplicaSet): boolean => (replicaSet.status?.availableReplicas ?? 0) > 0;
/** Narrows the list; ownership is what decides. */
const labelSelector = (deployment: Deployment): string =>
  Object.entries(deployment.spec.selector.matchLabels ?? {})
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
const isReplicaSet = (object: KubeObject): object is ReplicaSet => object.kind === 'ReplicaSet';

/** This Deployment's ReplicaSets, newest revision first. */
const revisions = (deployment: Deployment, related: readonly KubeObject[]): ReplicaSet[] =>
  related
    .filter(isReplicaSet)
    .filter((set) =>
      set.metadata.ownerReferences?.some((owner) => owner.controller === true && owner.uid === deployment.metadata.uid),
    )
    .sort((a, b) => revisionOf(b) - revisionOf(a));

/** One write that moves the pod template from one kept revision to another, if it is still at the first. */
function moveTemplate(input: EffectInput<Deployment>, from: 'from' | 'to', to: 'from' | 'to'): Effect {
  const { target, related, parameters, marker } = input;
  if (templateDigest(target.spec.template) !== parameters[`${from}Digest`])
    return { result: 'drifted', message: 'the pod template was changed after the plan was made' };
  const wanted = revisions(target, related).find((set) => set.metadata.uid === parameters[`${to}Uid`]);
  if (wanted === undefined || templateDigest(wanted.spec.template) !== parameters[`${to}Digest`])
    return { result: 'drifted', message: `ReplicaSet ${parameters[`${to}Name`] ?? ''} is no longer kept as it was` };
  return {
    result: 'effect',
    write: guardedPatch(target, marker, [
      { op: 'test', path: pointer('spec', 'template'), value: target.spec.template },
      { op: 'replace', path: pointer('spec', 'template'), value: authoredTemplate(wanted.spec.template) },
    ]),
    changes: [
      { field: 'spec.template', oldValue: parameters[`${from}Name`] ?? '', newValue: parameters[`${to}Name`] ?? '' },
    ],
  };
}

/**
 * Back to the last good revision of a Deployment: one that is available right now, else one that was seen available,
 * else, with approval, the one before. Only `spec.template` is replaced: `kubectl rollout undo` would also bring back the
 * old annotations, and with them lose protection that was added since.
 */
export const undo = defineAction<Deployment>({
  type: 'undo',
  kinds: [{ apiVersion: 'apps/v1', kind: 'Deployment' }],
  reversible: true,
  keptUnlessWorse: true,
  looksBack: true,

  gather: (cluster, { target, namespace }) =>
    target === undefined
      ? Promise.resolve([])
      : cluster.list<ReplicaSet>({ apiVersion: 'apps/v1', kind: 'ReplicaSet', namespace }, labelSelector(target)),

  plan({ target, related, seenGood }) {
    const named = `Deployment ${target.metadata.namespace ?? ''}/${target.metadata.name}`;
    if (target.spec.paused === true)
      return { result: 'refused', message: `${named} is paused: an undo would not roll out; resume it first` };
    const current = templateDigest(target.spec.template);
    const kept = revisions(target, related).map((set) => ({ set, digest: templateDigest(set.spec.template) }));
    const now = kept.find(({ digest }) => digest === current);
    if (now === undefined)
      return {
        result: 'refused',
        message: `${named} has no ReplicaSet for its present template yet; it is too early to undo`,
      };
    const earlier = kept.filter(({ digest }) => digest !== current);
    const chosen =
      earlier.find(({ set }) => available(set)) ??
      earlier.find(({ set }) => seenGood.includes(set.metadata.uid)) ??
      earlier[0];
    if (chosen === undefined)
      return { result: 'refused', message: `${named} keeps no earlier revision (see spec.revisionHistoryLimit)` };
    const proven = available(chosen.set) || seenGood.includes(chosen.set.metadata.uid);
    return {
      result: 'planned',
      parameters: {
        fromName: now.set.metadata.name,
        fromUid: now.set.metadata.uid,
        fromDigest: now.digest,
        toName: chosen.set.metadata.name,
        toUid: chosen.set.metadata.uid,
        toDigest: chosen.digest,
      },
      summary: `undo ${named}: back from revision ${revisionOf(now.set)} (${now.set.metadata.name}) to ${revisionOf(chosen.set)} (${chosen.set.metadata.name})`,
      ...(proven ? {} : { approvalReason: `revision ${revisionOf(chosen.set)} was not seen ready for a minute` }),
    };
  },

  execute: (input) => moveTemplate(input, 'from', 'to'),

  inverse: (input) => moveTemplate(input, 'to', 'from'),

  baseline: (target) => templateDigest(target.spec.template),

  confirm({ target, uid, parameters }) {
    if (target?.metadata.uid !== uid) return 'not-applied';
    return templateDigest(target.spec.template) === parameters['toDigest'] ? 'applied' : 'not-applied';
  },
});
