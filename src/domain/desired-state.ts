import type { KubeObject } from '../api/meta.ts';
import type { JsonObject } from './object-path.ts';

/** What the API server keeps about every write, whatever was written. */
const BOOKKEEPING: ReadonlySet<string> = new Set([
  'resourceVersion',
  'generation',
  'managedFields',
  'creationTimestamp',
  'selfLink',
]);

/** An object without what the API server and its controllers write by themselves: versions, bookkeeping, status. */
export const desiredState = (object: KubeObject): JsonObject =>
  Object.fromEntries(
    Object.entries(object)
      .filter(([key]) => key !== 'status')
      .map(([key, value]: [string, unknown]) => [
        key,
        key === 'metadata' ? withoutBookkeeping(object.metadata) : value,
      ]),
  );

const withoutBookkeeping = (metadata: KubeObject['metadata']): JsonObject =>
  Object.fromEntries(Object.entries(metadata).filter(([key]) => !BOOKKEEPING.has(key)));
