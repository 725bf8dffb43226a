import { canonical } from './canonical.ts';
import { isAbsent, isJsonObject, type JsonObject, type Path } from './object-path.ts';

/** One field that is not the same in two objects; undefined where it is absent. */
export interface Difference {
  readonly path: Path;
  readonly before: unknown;
  readonly after: unknown;
}

/** Maps that the API server leaves out when they are empty: their keys are fields of their own. */
const OPEN_MAPS: ReadonlySet<string> = new Set(['annotations', 'labels', 'limits', 'requests', 'nodeSelector']);

const isSame = (a: unknown, b: unknown): boolean => canonical(present(a)) === canonical(present(b));

/** Without the fields that are null, which is how some absent ones are written. */
function present(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(present);
  if (!isJsonObject(value)) return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => !isAbsent(inner))
      .map(([key, inner]) => [key, present(inner)]),
  );
}

/** `{}` for an absent map whose keys count one by one. */
const opened = (value: unknown, key: string | undefined): unknown =>
  isAbsent(value) && OPEN_MAPS.has(key ?? '') ? {} : value;

/**
 * What has to be written to make one object into the other, with indexes of list items in the paths. A list is gone into
 * if its items have the same names in the same order; any other list is one field, and so is what one side lacks.
 */
export function differences(before: unknown, after: unknown, path: Path = []): Difference[] {
  if (isSame(before, after)) return [];
  const [old, now] = [opened(before, path.at(-1)), opened(after, path.at(-1))];
  if (isJsonObject(old) && isJsonObject(now))
    return keysOf(old, now).flatMap((key) => differences(own(old, key), own(now, key), [...path, key]));
  const [names, newNames] = [namesOf(old), namesOf(now)];
  if (names !== undefined && newNames !== undefined && isSame(names, newNames))
    return (old as readonly unknown[]).flatMap((item, index) =>
      differences(item, (now as readonly unknown[])[index], [...path, String(index)]),
    );
  return [{ path, before: before ?? undefined, after: after ?? undefined }];
}

/**
 * The same for whoever judges or reads it: down to single values, list items by their name where all have one. Another
 * order of a list is a difference of the list itself. Empty only if nothing differs.
 */
export function leafDifferences(before: unknown, after: unknown, path: Path = []): Difference[] {
  if (isSame(before, after)) return [];
  const inner = within(before, after, path);
  return inner.length > 0 ? inner : [{ path, before: before ?? undefined, after: after ?? undefined }];
}

function within(before: unknown, after: unknown, path: Path): Difference[] {
  if (isObjectOrAbsent(before) && isObjectOrAbsent(after)) {
    const [old, now] = [before ?? {}, after ?? {}];
    return keysOf(old, now).flatMap((key) => leafDifferences(own(old, key), own(now, key), [...path, key]));
  }
  if (!isListOrAbsent(before) || !isListOrAbsent(after)) return [];
  const [old, now] = [before ?? [], after ?? []];
  if (![...old, ...now].some(isJsonObject)) return []; // a list of words or numbers is one value
  const [names, newNames] = [namesOf(old), namesOf(now)];
  if (names === undefined || newNames === undefined)
    return Array.from({ length: Math.max(old.length, now.length) }, (_, index) =>
      leafDifferences(old[index], now[index], [...path, String(index)]),
    ).flat();
  const items = [...new Set([...names, ...newNames])].flatMap((name) =>
    leafDifferences(old[names.indexOf(name)], now[newNames.indexOf(name)], [...path, name]),
  );
  const inOrder = isSame(
    names.filter((name) => newNames.includes(name)),
    newNames.filter((name) => names.includes(name)),
  );
  return inOrder ? items : [...items, { path, before: names, after: newNames }];
}

/** The path with the names of list items instead of their indexes, where all items have one. */
export function namedPath(root: unknown, path: Path): Path {
  let value = root;
  return path.map((key) => {
    const names = namesOf(value);
    const list = Array.isArray(value) ? (value as readonly unknown[]) : undefined;
    value = list === undefined ? (isJsonObject(value) ? own(value, key) : undefined) : list[Number(key)];
    return names?.[Number(key)] ?? key;
  });
}

/** The names of a list's items, if every item has one of its own. */
export function namesOf(value: unknown): readonly string[] | undefined {
  if (!isList(value)) return undefined;
  const names = value.map((item) => (isJsonObject(item) ? own(item, 'name') : undefined));
  return names.every((name) => typeof name === 'string') && new Set(names).size === names.length ? names : undefined;
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

const isObjectOrAbsent = (value: unknown): value is JsonObject | null | undefined =>
  isAbsent(value) || isJsonObject(value);
const isListOrAbsent = (value: unknown): value is readonly unknown[] | null | undefined =>
  isAbsent(value) || isList(value);
const own = (object: JsonObject, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);
const keysOf = (a: JsonObject, b: JsonObject): string[] => [...new Set([...Object.keys(a), ...Object.keys(b)])];
