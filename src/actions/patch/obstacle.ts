import { canonical } from '../../domain/canonical.ts';
import { isJsonObject, parsePointer, valueAt, withValue } from '../../domain/object-path.ts';
import type { AuthoredPatch } from '../../ports/cluster.ts';

/**
 * Which operation of a JSON Patch does not fit the object: the API server says no more than that one does not. Undefined
 * when it is not found, or the patch is of another type.
 */
export function obstacleTo({ type, body }: AuthoredPatch, object: unknown): string | undefined {
  if (type !== 'json' || !Array.isArray(body)) return undefined;
  let state = object;
  for (const operation of body as readonly unknown[]) {
    if (!isJsonObject(operation)) return undefined;
    const { op, path, value } = operation;
    if (typeof path !== 'string') return undefined;
    const keys = parsePointer(path);
    const parent = keys.slice(0, -1);
    if (Array.isArray(valueAt(state, parent))) return undefined; // items move: what follows cannot be told so simply
    const isThere = valueAt(state, keys) !== undefined;
    switch (op) {
      case 'test':
        if (canonical(valueAt(state, keys) ?? null) === canonical(value ?? null)) continue;
        return `${path} does not have the value that the patch tests for`;
      case 'remove':
      case 'replace':
        if (!isThere) return `there is no ${path} to ${op}`;
        break;
      case 'add':
        if (valueAt(state, parent) === undefined) return `there is nothing that ${path} could be added to`;
        break;
      default:
        return undefined;
    }
    state = withValue(state, keys, op === 'remove' ? undefined : value);
  }
  return undefined;
}
