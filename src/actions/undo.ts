import { pointer } from '../domain/json-patch.ts';
import { defineAction, type Effect, type EffectInput, type PlanInput } from './define-action.ts';
import { guardedPatch } from './guarded-patch.ts';
import { named } from './objects.ts';
import { templateDigest } from './pod-template.ts';
import { evictStuck, stuckPods, unsticking } from './stuck-pods.ts';
import { gatherRevisions, revisionsOf, type Revised, type Revision } from './revisions.ts';

/** One write that moves the pod template from one kept revision to another, if it is still at the first. */
function moveTemplate(input: EffectInput<Revised>, from: 'from' | 'to', to: 'from' | 'to'): Effect {
  const { target, related, parameters, marker } = input;
  if (templateDigest(target.spec.template) !== parameters[`${from}Digest`])
    return { result: 'drifted', message: 'the pod template was changed after the plan was made' };
  const wanted = revisionsOf(target, related).find(({ uid }) => uid === parameters[`${to}Uid`]);
  if (wanted?.digest !== parameters[`${to}Digest`] || wanted === undefined)
    return { result: 'drifted', message: `revision ${parameters[`${to}Name`] ?? ''} is no longer kept as it was` };
  return {
    result: 'effect',
    write: guardedPatch(target, marker, [
      { op: 'test', path: pointer('spec', 'template'), value: target.spec.template },
      { op: 'replace', path: pointer('spec', 'template'), value: wanted.template },
    ]),
    changes: [
      { field: 'spec.template', oldValue: parameters[`${from}Name`] ?? '', newValue: parameters[`${to}Name`] ?? '' },
    ],
  };
}

/** Why a new template would not reach the pods. */
function standstill({ spec }: Revised): string | undefined {
  if ('paused' in spec && spec.paused) return 'is paused: an undo would not roll out; resume it first';
  if ('updateStrategy' in spec && spec.updateStrategy.type === 'OnDelete')
    return 'has update strategy OnDelete: an undo would not roll out';
  return undefined;
}

type Choice = { readonly now: Revision; readonly to: Revision; readonly proven: boolean } | string;

function choose({ target, related, seenGood, failed }: PlanInput<Revised>): Choice {
  const current = templateDigest(target.spec.template);
  const kept = revisionsOf(target, related);
  const now = kept.find(({ digest }) => digest === current);
  if (now === undefined) return 'has no revision for its present template yet; it is too early to undo';
  const earlier = kept.filter(({ digest }) => digest !== current);
  if (earlier.length === 0) return 'keeps no earlier revision (see spec.revisionHistoryLimit)';
  const left = earlier.filter(({ digest }) => !failed.includes(digest));
  const seen = ({ key }: Revision): boolean => seenGood.includes(key);
  const to = left.find(({ available }) => available) ?? left.find(seen) ?? left[0];
  if (to === undefined)
    return `has no earlier revision to go back to: ${earlier.map(({ name }) => name).join(', ')} failed before, and an earlier undo left them for that`;
  return { now, to, proven: to.available || seen(to) };
}

/**
 * Back to the last good revision of a workload: one that is available right now, else one that was seen available, else,
 * with approval, the one before; never one that an earlier undo has left. Only `spec.template` is replaced: `kubectl
 * rollout undo` would also bring back the old annotations, and with them lose protection that was added since.
 */
export const undo = defineAction<Revised>({
  type: 'undo',
  kinds: [
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { apiVersion: 'apps/v1', kind: 'StatefulSet' },
    { apiVersion: 'apps/v1', kind: 'DaemonSet' },
  ],
  reversible: true,
  keptUnlessWorse: true,
  looksBack: true,

  gather: (cluster, { target, namespace }) =>
    target === undefined ? Promise.resolve([]) : gatherRevisions(cluster, target, namespace),

  plan(input) {
    const { target } = input;
    const choice = standstill(target) ?? choose(input);
    if (typeof choice === 'string') return { result: 'refused', message: `${named(target)} ${choice}` };
    const { now, to, proven } = choice;
    const also = unsticking(target);
    return {
      result: 'planned',
      parameters: {
        fromName: now.name,
        fromUid: now.uid,
        fromDigest: now.digest,
        toName: to.name,
        toUid: to.uid,
        toDigest: to.digest,
        ...also.parameters,
      },
      summary: `undo ${named(target)}: back from revision ${now.number} (${now.name}) to ${to.number} (${to.name})${also.words}`,
      ...(proven ? {} : { approvalReason: `revision ${to.number} was not seen ready for a minute` }),
    };
  },

  execute(input) {
    if (isUndone(input)) return evictStuck(input);
    const effect = moveTemplate(input, 'from', 'to');
    const stuck = stuckPods(input.target, input.related, input.parameters);
    return effect.result !== 'effect' || stuck.length === 0 ? effect : { ...effect, unfinished: true };
  },

  inverse: (input) => moveTemplate(input, 'to', 'from'),

  baseline: (target) => templateDigest(target.spec.template),

  confirm({ target, uid, related, parameters, marker }) {
    if (target?.metadata.uid !== uid || templateDigest(target.spec.template) !== parameters['toDigest'])
      return 'not-applied';
    if (!isUndone({ target, parameters, marker })) return 'applied'; // by somebody else
    const stuck = stuckPods(target, related, parameters);
    return stuck.length === 0
      ? 'applied'
      : {
          partly: `the template is back; ${stuck.map(({ metadata: { name } }) => name).join(', ')} still to be evicted`,
        };
  },

  writtenTo: ({ target, related, parameters }) => [target, ...stuckPods(target, related, parameters)],
});

/** Our own write is there. */
const isUndone = ({ target, parameters, marker }: Pick<EffectInput<Revised>, 'target' | 'parameters' | 'marker'>) =>
  target.metadata.annotations?.[marker.key] !== undefined &&
  templateDigest(target.spec.template) === parameters['toDigest'];
