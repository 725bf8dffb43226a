import type { KubeObject } from '../api/meta.ts';
import { desiredState } from '../domain/desired-state.ts';
import { inWords } from '../domain/diff-text.ts';
import {
  changesIn,
  firstUnlike,
  inverted,
  operationsFor,
  touchedValues,
  type FieldChanges,
} from '../domain/field-operations.ts';
import { isWorkload } from '../domain/health.ts';
import type { JsonPatchOperation } from '../domain/json-patch.ts';
import { differences, leafDifferences, namedPath, type Difference } from '../domain/object-diff.ts';
import { readablePath, withValue, type Path } from '../domain/object-path.ts';
import { literalSecrets } from '../domain/secret-name.ts';
import { controllers, workloadParameters } from './controllers.ts';
import {
  defineAction,
  MAX_CHANGE,
  type Effect,
  type EffectInput,
  type FieldChange,
  type PlanResult,
} from './define-action.ts';
import { digestOf } from './digest.ts';
import { guardedPatch } from './guarded-patch.ts';
import { isPod, named } from './objects.ts';
import { isPatchPreview, previewPatch } from './patch/preview.ts';
import { judge, selectorKeysOf } from './patch/patchable-fields.ts';

/** More would not be read. */
const MAX_NAMED = 5;

const refused = (message: string): PlanResult => ({ result: 'refused', message });
const resolved = (change = '[]'): FieldChanges => changesIn(JSON.parse(change) as JsonPatchOperation[]);

/** The first few, and how many more. */
const few = (texts: readonly string[], separator: string): string =>
  texts.length <= MAX_NAMED
    ? texts.join(separator)
    : [...texts.slice(0, MAX_NAMED), `${texts.length - MAX_NAMED} more`].join(separator);

/** The fields of one write, moved from the values that they have to those that they shall have, or not at all. */
function move({ target, marker }: EffectInput, changes: FieldChanges): Effect {
  const moved = firstUnlike(target, changes);
  if (moved !== undefined)
    return {
      result: 'drifted',
      message: `${readablePath(namedPath(target, moved))} of ${named(target)} was changed by someone else`,
    };
  // After the mark: a change of annotations finds their map made.
  const marked = withValue(target, ['metadata', 'annotations', marker.key], marker.value);
  const guarded = guardedPatch(target, marker, []);
  return {
    result: 'effect',
    write: { ...guarded, operations: [...guarded.operations, ...operationsFor(marked, changes.fields)] },
    changes: changes.fields.flatMap((field) => fieldChanges(target, field)),
  };
}

const fieldChanges = (target: KubeObject, { path, before, after }: Difference): FieldChange[] =>
  leafDifferences(before, after, namedPath(target, path)).map((leaf) => ({
    field: readablePath(leaf.path),
    oldValue: inWords(leaf.before),
    newValue: inWords(leaf.after),
  }));

/** A literal secret among the values that a plan would keep; a list is kept whole, with items that do not change. */
function secretIn(states: readonly unknown[], fields: readonly Difference[]): string | undefined {
  const secrets = states.flatMap((state) =>
    literalSecrets(state).map(({ path, variable }) => ({
      path,
      shown: readablePath([...namedPath(state, path.slice(0, -2)), variable, 'value']),
    })),
  );
  const [found] = fields.flatMap((field) => secrets.filter(({ path }) => isWithin(path, field.path)));
  return found?.shown;
}

const isWithin = (path: Path, field: Path): boolean => field.every((key, index) => key === path[index]);

/**
 * Any change of fields that are safe to change. What the author wrote is tried by the API server first; judged, planned
 * and taken back is what would come of it, field by field.
 */
export const patch = defineAction({
  type: 'patch',
  kinds: [
    { apiVersion: 'apps/v1', kind: 'Deployment' },
    { apiVersion: 'apps/v1', kind: 'StatefulSet' },
    { apiVersion: 'apps/v1', kind: 'DaemonSet' },
    { apiVersion: 'v1', kind: 'Pod' },
  ],
  reversible: true,
  looksBack: false,

  async gather(cluster, { target, template, marker }) {
    // Once planned, the plan says it all.
    if (target === undefined || marker !== undefined || template.patchAction === undefined) return [];
    const owners = isPod(target) ? await controllers(cluster, target) : [];
    return [await previewPatch(cluster, target, template.patchAction), ...owners];
  },

  plan({ target, related, template }) {
    const preview = related.find(isPatchPreview);
    if (preview === undefined) return refused('the action has no patchAction');
    const { before, outcome } = preview;
    if (outcome.result === 'gone') return refused(`${named(target)} is gone`);
    if (outcome.result === 'refused') return refused(`the patch cannot be applied: ${outcome.message}`);

    const owners = related.filter((object) => !isPatchPreview(object));
    const workload = owners.slice(-1).find(isWorkload);
    if (isPod(target) && workload === undefined)
      return refused(`${named(target)} has no workload above it by whose health the result could be told`);

    const [was, becomes] = [desiredState(before), desiredState(outcome.object)];
    const leaves = leafDifferences(was, becomes);
    if (leaves.length === 0) return refused(`the patch changes nothing: ${named(target)} is so already`);
    const rules = {
      kind: target.kind ?? '',
      allowPaths: template.patchAction?.allowPaths ?? [],
      selectorKeys: selectorKeysOf(isPod(target) ? owners[0] : before),
    };
    const judged = leaves.map(({ path }) => ({ path, judgement: judge(path, rules) }));
    const wrong = judged.flatMap(({ judgement }) => (judgement.may === 'not' ? [judgement.why] : []));
    if (wrong.length > 0) return refused(`the patch goes too far: ${few(wrong, '; ')}`);

    const fields = differences(was, becomes);
    const secret = secretIn([was, becomes], fields);
    if (secret !== undefined)
      return refused(
        `the patch would put ${secret} on record, which looks like a secret and holds its value itself; take it from a Secret`,
      );
    const change = JSON.stringify(operationsFor(was, fields));
    if (change.length > MAX_CHANGE)
      return refused(
        `the patch changes too much: it resolves to ${change.length} characters, and at most ${MAX_CHANGE} can be kept`,
      );
    const delicate = judged.filter(({ judgement }) => judgement.may === 'change with approval');
    return {
      result: 'planned',
      parameters: workload === undefined ? {} : workloadParameters(workload),
      change,
      summary: `patch ${named(target)}: ${few(
        leaves.map(({ path }) => readablePath(path)),
        ', ',
      )}`,
      ...(delicate.length === 0
        ? {}
        : {
            approvalReason: `it changes ${few(
              delicate.map(({ path }) => readablePath(path)),
              ', ',
            )}`,
          }),
    };
  },

  execute: (input) => move(input, resolved(input.change)),

  inverse: (input) => move(input, inverted(resolved(input.change))),

  baseline: (target, { change }) => digestOf(touchedValues(target, resolved(change))).slice(0, 16),

  confirm({ target, uid, change, marker }) {
    if (target?.metadata.uid !== uid) return 'not-applied';
    // The mark comes with the change and never without it.
    if (target.metadata.annotations?.[marker.key] !== undefined) return 'applied';
    return firstUnlike(target, inverted(resolved(change))) === undefined ? 'applied' : 'not-applied';
  },
});
