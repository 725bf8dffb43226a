import jsonPatch from 'fast-json-patch';
import { isDeepStrictEqual } from 'node:util';
import type { KubeObject, ObjectMeta } from '../../src/api/meta.ts';
import type { JsonPatchOperation } from '../../src/domain/json-patch.ts';

/** An object with whatever fields it has. */
export type Raw = KubeObject & { readonly spec?: unknown; readonly status?: unknown };
type Named = Pick<KubeObject, 'apiVersion' | 'kind'> & { readonly namespace: string; readonly name: string };
type Mutable = { -readonly [Field in keyof Raw]: Raw[Field] };

/** What the API server answers when it refuses. */
export class Refusal extends Error {
  readonly status: 404 | 409 | 422;
  constructor(status: 404 | 409 | 422, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * The part of an API server that healing relies on, in memory: identities, versions that are compared, generations that
 * follow the spec, finalizers, JSON Patches that apply whole or not at all.
 */
export class MemoryApiServer {
  readonly #objects = new Map<string, Raw>();
  #version = 0;
  #uids = 0;
  /** Plays the controllers: called after every change, with what it was before. */
  onChange: (object: Raw, before: Raw | undefined) => void = () => undefined;

  create(object: Omit<Raw, 'metadata'> & { readonly metadata: Partial<ObjectMeta> & { readonly name: string } }): Raw {
    const key = keyOf(object);
    if (this.#objects.has(key)) throw new Refusal(409, `${key} already exists`);
    this.#uids += 1;
    const uid = `${String(this.#uids).padStart(8, '0')}-0000-4000-8000-000000000000`;
    return this.#store(
      { ...object, metadata: { uid, generation: 1, creationTimestamp: new Date().toISOString(), ...object.metadata } },
      undefined,
    );
  }

  find(ref: Named): Raw | undefined {
    return this.#objects.get(keyOf({ ...ref, metadata: ref }));
  }

  get(ref: Named): Raw {
    const found = this.find(ref);
    if (found === undefined) throw new Refusal(404, `${ref.kind ?? ''} ${ref.namespace}/${ref.name} not found`);
    return found;
  }

  list(kind: string, namespace?: string, labels: Readonly<Record<string, string>> = {}): Raw[] {
    return [...this.#objects.values()].filter(
      (object) =>
        object.kind === kind &&
        (namespace === undefined || object.metadata.namespace === namespace) &&
        Object.entries(labels).every(([key, value]) => object.metadata.labels?.[key] === value),
    );
  }

  /** Replaces the object if it still has the version that the new one names; without one, whatever it has. */
  replace(object: Omit<Raw, 'metadata'> & { readonly metadata: Partial<ObjectMeta> & { readonly name: string } }): Raw {
    const before = this.get(refOf(object));
    const { resourceVersion = before.metadata.resourceVersion, uid = before.metadata.uid } = object.metadata;
    if (uid !== before.metadata.uid || resourceVersion !== before.metadata.resourceVersion)
      throw new Refusal(409, 'the object has been modified; please apply your changes to the latest version');
    return this.#store({ ...object, metadata: { ...before.metadata, ...object.metadata } }, before);
  }

  /** Somebody changes something, whatever version it has. */
  edit(ref: Named, change: (object: Raw) => Raw): Raw {
    const before = this.get(ref);
    return this.#store(change(structuredClone(before)), before);
  }

  /** RFC 6902 as the API server applies it: `test` of something absent against null holds. */
  patch(ref: Named, operations: readonly JsonPatchOperation[], dryRun = false): Raw {
    const before = this.get(ref);
    const after = applyJsonPatch(before, operations);
    if (after.metadata.uid !== before.metadata.uid) throw new Refusal(422, 'uid is immutable');
    return dryRun ? after : this.#store(after, before);
  }

  /** What a JSON merge patch (RFC 7386) would make of the object; nothing is stored. */
  merged(ref: Named, patch: unknown): Raw {
    return mergePatch(this.get(ref), patch) as Raw;
  }

  /** Gone at once, or marked while finalizers hold it. */
  delete(ref: Named): void {
    const before = this.get(ref);
    if ((before.metadata.finalizers ?? []).length === 0) this.#remove(before);
    else this.edit(ref, (object) => ({ ...object, metadata: { ...object.metadata, deletionTimestamp: now() } }));
  }

  #store(
    object: Omit<Raw, 'metadata'> & { readonly metadata: Partial<ObjectMeta> & { readonly name: string } },
    before: Raw | undefined,
  ): Raw {
    this.#version += 1;
    const moved = before !== undefined && !isDeepStrictEqual(before.spec, object.spec);
    const generation = (before?.metadata.generation ?? object.metadata.generation ?? 1) + (moved ? 1 : 0);
    const stored: Mutable = {
      ...structuredClone(object),
      metadata: {
        ...object.metadata,
        uid: object.metadata.uid ?? '',
        generation,
        resourceVersion: String(this.#version),
      },
    };
    const { template } = (stored.spec ?? {}) as { template?: { metadata?: Partial<ObjectMeta> } };
    for (const metadata of [stored.metadata, template?.metadata ?? {}])
      for (const map of ['labels', 'annotations'] as const)
        // Empty maps are left out on the wire.
        if (Object.keys(metadata[map] ?? {}).length === 0) Reflect.deleteProperty(metadata, map);
    if (stored.metadata.deletionTimestamp !== undefined && (stored.metadata.finalizers ?? []).length === 0) {
      this.#remove(stored);
      return stored;
    }
    this.#objects.set(keyOf(stored), stored);
    this.onChange(stored, before);
    return this.#objects.get(keyOf(stored)) ?? stored;
  }

  #remove(object: Raw): void {
    this.#objects.delete(keyOf(object));
    this.onChange({ ...object, metadata: { ...object.metadata, deletionTimestamp: now() } }, object);
  }
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return structuredClone(patch);
  const result: Record<string, unknown> =
    typeof target === 'object' && target !== null && !Array.isArray(target) ? { ...structuredClone(target) } : {};
  for (const [key, value] of Object.entries(patch))
    if (value === null) Reflect.deleteProperty(result, key);
    else result[key] = mergePatch(result[key], value);
  return result;
}

const now = (): string => new Date().toISOString();

const keyOf = ({
  kind,
  metadata,
}: {
  readonly kind?: string | undefined;
  readonly metadata: { readonly namespace?: string; readonly name: string };
}): string => `${kind ?? ''} ${metadata.namespace ?? ''}/${metadata.name}`;

export const refOf = ({
  apiVersion,
  kind,
  metadata,
}: Pick<Raw, 'apiVersion' | 'kind'> & {
  readonly metadata: { readonly namespace?: string; readonly name: string };
}): Named => ({
  ...(apiVersion === undefined ? {} : { apiVersion }),
  ...(kind === undefined ? {} : { kind }),
  namespace: metadata.namespace ?? '',
  name: metadata.name,
});

/** By an implementation that is not ours. Throws a {@link Refusal} and changes nothing unless every operation holds. */
export function applyJsonPatch(object: Raw, operations: readonly JsonPatchOperation[]): Raw {
  let document = structuredClone(object);
  for (const operation of operations) {
    if (operation.op === 'test' && operation.value === null) {
      // Strictly, absence is an error; the API server takes it for null, if the parent is there.
      const parent = jsonPatch.getValueByPointer(
        document,
        operation.path.slice(0, operation.path.lastIndexOf('/')),
      ) as unknown;
      if (parent === undefined) throw new Refusal(422, `${operation.path}: its parent is not there`);
      if ((jsonPatch.getValueByPointer(document, operation.path) ?? null) !== null)
        throw new Refusal(422, `${operation.path} is there`);
      continue;
    }
    try {
      document = jsonPatch.applyPatch(
        document,
        [structuredClone(operation)] as jsonPatch.Operation[],
        true,
      ).newDocument;
    } catch (error) {
      throw new Refusal(422, `${operation.op} ${operation.path}: ${error instanceof Error ? error.name : 'failed'}`);
    }
  }
  return document;
}
