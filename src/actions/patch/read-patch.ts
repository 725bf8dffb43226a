import { parseDocument } from 'yaml';
import type { FieldPatch, PatchAction } from '../../api/healing-action.ts';
import { operationsFor } from '../../domain/field-operations.ts';
import type { JsonPatchOperation } from '../../domain/json-patch.ts';
import {
  isAbsent,
  isIndex,
  isJsonObject,
  readablePath,
  valueAt,
  withValue,
  type Path,
} from '../../domain/object-path.ts';
import type { AuthoredPatch } from '../../ports/cluster.ts';

export type ReadPatch =
  { readonly readable: true; readonly patch: AuthoredPatch } | { readonly readable: false; readonly message: string };

/** Deeper than any object that a patch may change. */
const MAX_DEPTH = 32;

/** Thrown and caught in this file: why a patch cannot be read. */
class Unreadable extends Error {}

/**
 * The patch as its author wrote it, for one object. `patches` count when there are any: each sets one field, in order,
 * and makes what is missing on the way.
 */
export function readPatch({ type = 'strategic', patch, patches = [] }: PatchAction, object: unknown): ReadPatch {
  try {
    if (patches.length > 0) return { readable: true, patch: { type: 'json', body: operationsOf(patches, object) } };
    return { readable: true, patch: { type, body: bodyOf(type, parse(patch ?? '')) } };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { readable: false, message: error.message };
  }
}

function bodyOf(type: AuthoredPatch['type'], body: unknown): unknown {
  if (type !== 'json') {
    if (!isJsonObject(body)) throw new Unreadable(`a ${type} patch is an object, such as {"spec": {"paused": false}}`);
    return body;
  }
  const isOperation = (item: unknown): boolean =>
    isJsonObject(item) && typeof item['op'] === 'string' && typeof item['path'] === 'string';
  if (!Array.isArray(body) || body.length === 0 || !body.every(isOperation))
    throw new Unreadable('a json patch is a list of operations, such as [{"op": "remove", "path": "/spec/paused"}]');
  return body;
}

/** JSON, or YAML without aliases (which can grow without bound) and without tags. */
function parse(text: string): unknown {
  const value = parseJson(text) ?? parseYaml(text);
  checkJson(value, 0);
  return value;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parseYaml(text: string): unknown {
  try {
    const document = parseDocument(text);
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    return document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    const why = error instanceof RangeError ? 'it is nested too deeply' : error instanceof Error ? error.message : '';
    throw new Unreadable(`the patch is neither JSON nor YAML: ${why.split('\n')[0] ?? ''}`);
  }
}

/** YAML knows values that JSON does not; in a merge patch `.nan` would delete a field. */
function checkJson(value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) throw new Unreadable(`the patch is nested more than ${MAX_DEPTH} levels deep`);
  if (typeof value === 'number' && !Number.isFinite(value)) throw new Unreadable(`${value} is no number for JSON`);
  if (typeof value !== 'object' || value === null) return;
  for (const inner of Object.values(value)) checkJson(inner, depth + 1);
}

function operationsOf(patches: readonly FieldPatch[], object: unknown): JsonPatchOperation[] {
  let state = object;
  const operations: JsonPatchOperation[] = [];
  for (const { path, value } of patches) {
    const before = valueAt(state, path);
    const after = readValue(path, value);
    if (isAbsent(before) && isAbsent(after)) continue;
    checkWay(state, path);
    // No tests: what the object is by now is compared afterwards.
    operations.push(...operationsFor(state, [{ path, before, after }]).filter(({ op }) => op !== 'test'));
    state = withValue(state, path, after);
  }
  return operations;
}

/** JSON where it is JSON, otherwise text; null takes the field away. Labels and annotations are always text. */
function readValue(path: Path, text: string): unknown {
  const value = parseJson(text);
  const isText = ['labels', 'annotations'].includes(path.at(-2) ?? '') && value !== null;
  return value === undefined || (isText && typeof value !== 'string') ? text : value;
}

/** Lists have items and no fields, and single values have neither. */
function checkWay(object: unknown, path: Path): void {
  for (const [index, key] of path.entries()) {
    const parent = index === 0 ? object : valueAt(object, path.slice(0, index));
    if (parent === undefined) return;
    const named = readablePath(path.slice(0, index));
    if (Array.isArray(parent)) {
      if (!isIndex(key)) throw new Unreadable(`${named} is a list: say which item by its index instead of ${key}`);
      if (Number(key) > parent.length) throw new Unreadable(`${named} has ${parent.length} items, and none at ${key}`);
    } else if (!isJsonObject(parent)) throw new Unreadable(`${named} is a single value and has no ${key}`);
  }
}
