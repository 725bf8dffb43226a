/** RFC 6902, the part that KubeSkippy uses. */
export type JsonPatchOperation =
  | { readonly op: 'test' | 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** Builds a JSON Pointer from unescaped keys: `pointer('metadata', 'labels', 'a/b')` is `/metadata/labels/a~1b`. */
export const pointer = (...keys: readonly string[]): string =>
  keys.map((key) => `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

type Strings = Readonly<Record<string, string>> | undefined;

/**
 * The operations that set one key of a map of strings (labels, annotations) that may not exist yet. A JSON Patch cannot
 * add below a missing parent, so the map is made first, together with a test that it is still missing.
 */
export function setInMap(map: Strings, path: readonly string[], key: string, value: string): JsonPatchOperation[] {
  if (map === undefined)
    return [
      { op: 'test', path: pointer(...path), value: null },
      { op: 'add', path: pointer(...path), value: { [key]: value } },
    ];
  return [{ op: 'add', path: pointer(...path, key), value }];
}

/** The test that one key of a map of strings has the value that was read, or is still absent. */
export function testInMap(map: Strings, path: readonly string[], key: string): JsonPatchOperation[] {
  if (map === undefined) return [{ op: 'test', path: pointer(...path), value: null }];
  return [{ op: 'test', path: pointer(...path, key), value: Object.hasOwn(map, key) ? map[key] : null }];
}
