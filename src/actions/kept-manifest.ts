import type { KubeObject } from '../api/meta.ts';
import { GROUP } from '../api/constants.ts';
import { canonical } from '../domain/canonical.ts';
import { isJsonObject, objectsIn, type JsonObject } from '../domain/object-path.ts';
import { literalSecrets } from '../domain/secret-name.ts';
import { MAX_CHANGE } from './define-action.ts';

/** What controllers and clients write for themselves: wrong on a new object, or much longer than it is worth. */
const FOREIGN_ANNOTATIONS: ReadonlySet<string> = new Set([
  'deployment.kubernetes.io/revision',
  'deprecated.daemonset.template.generation',
  'kubectl.kubernetes.io/last-applied-configuration',
]);
/** Volume of the token that the API server gives every pod; it gives the new one another. */
const TOKEN_VOLUME = 'kube-api-access-';

const without = (from: JsonObject, ...fields: readonly string[]): JsonObject =>
  Object.fromEntries(Object.entries(from).filter(([field]) => !fields.includes(field)));

export type KeptManifest =
  { readonly result: 'kept'; readonly manifest: string } | { readonly result: 'refused'; readonly message: string };

/**
 * The manifest, as JSON with sorted fields, from which such an object can be made again: without identity, owners, status
 * and place. Refused when it is too long to be kept, or holds what looks like a secret: whoever reads the action reads it.
 */
export function keptManifest(live: KubeObject): KeptManifest {
  const { name, namespace, labels, finalizers } = live.metadata;
  const annotations = Object.entries(live.metadata.annotations ?? {}).filter(
    ([key]) => !key.startsWith(`${GROUP}/`) && !FOREIGN_ANNOTATIONS.has(key),
  );
  const spec = specOf(live);
  const [secret] = literalSecrets(spec);
  if (secret !== undefined)
    return {
      result: 'refused',
      message: `environment variable ${secret.variable} holds its value itself and looks like a secret, which is never kept; take it from a Secret`,
    };
  const manifest = canonical({
    apiVersion: live.apiVersion,
    kind: live.kind,
    metadata: {
      name,
      namespace,
      labels,
      ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
      finalizers,
    },
    spec,
  });
  return manifest.length <= MAX_CHANGE
    ? { result: 'kept', manifest }
    : {
        result: 'refused',
        message: `its manifest has ${manifest.length} characters, of which at most ${MAX_CHANGE} can be kept`,
      };
}

/** The object to create from a kept manifest. */
export const fromManifest = (manifest: string, annotation: readonly [key: string, value: string]): KubeObject => {
  const object = JSON.parse(manifest) as KubeObject; // written by `keptManifest`, and part of the plan's digest
  const annotations = { ...object.metadata.annotations, [annotation[0]]: annotation[1] };
  return { ...object, metadata: { ...object.metadata, annotations } };
};

function specOf(live: KubeObject): JsonObject {
  const spec = 'spec' in live && isJsonObject(live.spec) ? live.spec : {};
  if (live.kind === 'Pod') return podSpec(spec);
  const claims = objectsIn(spec['volumeClaimTemplates']);
  return claims.length === 0
    ? spec
    : { ...spec, volumeClaimTemplates: claims.map((claim) => without(claim, 'status')) };
}

function podSpec(spec: JsonObject): JsonObject {
  const isToken = ({ name }: JsonObject): boolean => typeof name === 'string' && name.startsWith(TOKEN_VOLUME);
  const container = (one: JsonObject): JsonObject =>
    'volumeMounts' in one
      ? { ...one, volumeMounts: objectsIn(one['volumeMounts']).filter((mount) => !isToken(mount)) }
      : one;
  const lists = ['containers', 'initContainers'].filter((field) => field in spec);
  return {
    ...without(spec, 'nodeName', 'ephemeralContainers'),
    ...('volumes' in spec ? { volumes: objectsIn(spec['volumes']).filter((volume) => !isToken(volume)) } : {}),
    ...Object.fromEntries(lists.map((field) => [field, objectsIn(spec[field]).map(container)])),
  };
}
