/** The way to a field of an object: names of fields, and indexes of list items as text. */
export type Path = readonly string[];

/** The keys of a JSON Pointer, unescaped: the opposite of `pointer`. */
export const parsePointer = (text: string): string[] =>
  text
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));

export type JsonObject = Readonly<Record<string, unknown>>;

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The items of a list that are objects; none of what is no list. */
export const objectsIn = (value: unknown): readonly JsonObject[] =>
  Array.isArray(value) ? value.filter(isJsonObject) : [];

/** Null and absent are the same to the API server. */
export const isAbsent = (value: unknown): value is null | undefined => value === null || value === undefined;

const INDEX = /^(?:0|[1-9][0-9]*)$/;
export const isIndex = (key: string): boolean => INDEX.test(key);

/** Undefined for what is absent, null included. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (Array.isArray(value)) value = isIndex(key) ? (value[Number(key)] as unknown) : undefined;
    else value = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return value ?? undefined;
}

/** A copy in which the field has this value, or is absent for undefined; missing parents are made as objects. */
export function withValue(root: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (Array.isArray(root)) {
    const items = root as readonly unknown[];
    const index = Number(key);
    const inner = withValue(items[index], rest, value);
    return inner === undefined ? items.toSpliced(index, 1) : items.toSpliced(index, 1, inner);
  }
  const object = isJsonObject(root) ? root : {};
  const inner = withValue(Object.hasOwn(object, key) ? object[key] : undefined, rest, value);
  const others = Object.entries(object).filter(([name]) => name !== key);
  return Object.fromEntries(inner === undefined ? others : [...others, [key, inner]]);
}

/** For people: `spec.template.spec.containers[app].image`, `metadata.annotations[example.org/note]`. */
export const readablePath = (path: Path): string =>
  path
    .map((key, index) =>
      /^[A-Za-z][A-Za-z0-9]*$/.test(key) && !inList(path, index) ? `${index === 0 ? '' : '.'}${key}` : `[${key}]`,
    )
    .join('');

/** Lists whose items go by a name look like fields; in brackets they do not. */
const LISTS: ReadonlySet<string> = new Set([
  'containers',
  'initContainers',
  'ephemeralContainers',
  'volumes',
  'env',
  'ports',
  'volumeMounts',
]);
const inList = (path: Path, index: number): boolean => index > 0 && LISTS.has(path[index - 1] ?? '');
