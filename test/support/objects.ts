import type { Marker } from '../../src/actions/define-action.ts';
import type { KubeObject, ObjectMeta, OwnerReference } from '../../src/api/meta.ts';

/** A uid that can be told from others at sight. */
export const uidOf = (kind: string, name: string): string => `uid-${kind.toLowerCase()}-${name}`;

const API_VERSIONS: Readonly<Record<string, string>> = { Pod: 'v1', Service: 'v1', Job: 'batch/v1' };

/** Any namespaced object; `owner` is its controller. */
export function object(
  kind: string,
  name: string,
  { owner, ...meta }: Partial<ObjectMeta> & { readonly owner?: KubeObject | undefined } = {},
): KubeObject & { readonly apiVersion: string; readonly kind: string } {
  return {
    apiVersion: API_VERSIONS[kind] ?? 'apps/v1',
    kind,
    metadata: {
      name,
      namespace: 'shop',
      uid: uidOf(kind, name),
      resourceVersion: '1',
      ...(owner === undefined ? {} : { ownerReferences: [controlledBy(owner)] }),
      ...meta,
    },
  };
}

/** For whom something is planned, where that does not matter. */
export const forAction = { action: { namespace: 'shop', name: 'heal', uid: 'u' }, resultWithinMs: 60_000 };

/** What tells an effect, and what takes it back, from those of others, where it does not matter whose they are. */
export const MARKS: Readonly<Record<'execute' | 'inverse', Marker>> = {
  execute: { key: 'kubeskippy.io/applied-00000000-0000-4000-8000-000000000000', value: 'execute-1' },
  inverse: { key: 'kubeskippy.io/reverted-00000000-0000-4000-8000-000000000000', value: 'rollback-1' },
};

export const controlledBy = ({ apiVersion = '', kind = '', metadata }: KubeObject): OwnerReference => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid,
  controller: true,
});
