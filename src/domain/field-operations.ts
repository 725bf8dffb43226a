import { canonical } from './canonical.ts';
import { pointer, type JsonPatchOperation } from './json-patch.ts';
import type { Difference } from './object-diff.ts';
import { isAbsent, isIndex, parsePointer, valueAt, withValue, type Path } from './object-path.ts';

/** A change of fields, resolved to absolute values, with what it relies on. */
export interface FieldChanges {
  readonly fields: readonly Difference[];
  /** Names of list items: while they hold, the indexes in the paths still mean the same items. */
  readonly anchors: readonly { readonly path: Path; readonly value: unknown }[];
}

/**
 * The operations of RFC 6902 that make these changes on this object, each preceded by a test of the value that was seen
 * (null for an absent one). Nothing can be added below a missing parent, so parents are made first.
 */
export function operationsFor(object: unknown, fields: readonly Difference[]): JsonPatchOperation[] {
  const operations: JsonPatchOperation[] = [];
  const tested = new Set<string>();
  let state = object;
  const put = (path: Path, after: unknown): void => {
    const at = pointer(...path);
    const before = valueAt(state, path);
    operations.push({ op: 'test', path: at, value: before ?? null });
    if (isAbsent(after)) operations.push({ op: 'remove', path: at });
    else operations.push({ op: before === undefined ? 'add' : 'replace', path: at, value: after });
    state = withValue(state, path, after);
  };
  for (const { path, after } of fields) {
    for (const anchor of anchorsOf(state, path)) {
      const at = pointer(...anchor.path);
      if (!tested.has(at)) operations.push({ op: 'test', path: at, value: anchor.value });
      tested.add(at);
    }
    for (let length = 1; length < path.length; length++)
      if (valueAt(state, path.slice(0, length)) === undefined) put(path.slice(0, length), {});
    put(path, after);
  }
  return operations;
}

/** The names of the list items that a path leads through. */
const anchorsOf = (object: unknown, path: Path): { path: Path; value: unknown }[] =>
  path.flatMap((key, index) => {
    const name = [...path.slice(0, index + 1), 'name'];
    const isItem = isIndex(key) && index + 1 < path.length && Array.isArray(valueAt(object, path.slice(0, index)));
    const value = isItem ? valueAt(object, name) : undefined;
    return typeof value === 'string' ? [{ path: name, value }] : [];
  });

/** The opposite of {@link operationsFor}: a parent that is made only for what is put into it is no field. */
export function changesIn(operations: readonly JsonPatchOperation[]): FieldChanges {
  const fields: Difference[] = [];
  const anchors: { path: Path; value: unknown }[] = [];
  for (const [index, operation] of operations.entries()) {
    const next = operations[index + 1];
    if (operation.op === 'test') {
      if (next?.path !== operation.path) anchors.push({ path: parsePointer(operation.path), value: operation.value });
      continue;
    }
    const before = operations[index - 1];
    const old = before?.op === 'test' && before.path === operation.path ? (before.value ?? undefined) : undefined;
    if (next?.path.startsWith(`${operation.path}/`) === true) continue;
    fields.push({
      path: parsePointer(operation.path),
      before: old,
      after: operation.op === 'remove' ? undefined : operation.value,
    });
  }
  return { fields, anchors };
}

/** The way back, last change first. */
export const inverted = ({ fields, anchors }: FieldChanges): FieldChanges => ({
  fields: fields.map(({ path, before, after }) => ({ path, before: after, after: before })).reverse(),
  anchors,
});

/** The first field that is not as it was seen before the changes; undefined while all are. */
export const firstUnlike = (object: unknown, { fields, anchors }: FieldChanges): Path | undefined =>
  [...anchors.map(({ path, value }) => ({ path, before: value })), ...fields].find(
    ({ path, before }) => !equal(valueAt(object, path), before),
  )?.path;

/** The values of all fields that the changes touch or rely on, as they are now. */
export const touchedValues = (object: unknown, { fields, anchors }: FieldChanges): readonly unknown[] =>
  [...anchors, ...fields].map(({ path }) => valueAt(object, path) ?? null);

const equal = (a: unknown, b: unknown): boolean => canonical(a ?? null) === canonical(b ?? null);
