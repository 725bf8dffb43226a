import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { isKubeError } from '../adapters/kubernetes/kube-error.ts';
import type { KubeClient } from '../adapters/kubernetes/kube-client.ts';
import { resources, type Resource } from '../adapters/kubernetes/resource.ts';
import { admissionInForce } from './admission-in-force.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What the product and the local environment need in a cluster, in this order; the local one does without nothing. */
export const manifestDirectories: readonly string[] = [
  'crds',
  'deploy/rbac',
  'deploy/optional',
  'deploy/local/rbac',
  'deploy/admission',
].map((directory) => join(root, directory));

const FIELD_MANAGER = 'kubeskippy-install';
const ESTABLISHED_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
/** Kinds that others build upon go first. */
const ORDER = ['CustomResourceDefinition', 'Namespace', 'ServiceAccount', 'ClusterRole', 'Role'];

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly file: string;
}

/**
 * Applies every `*.yaml` of the directories (those that exist) by server-side apply and waits until the CRDs among
 * them are established, and unless told otherwise until the admission policies among them are in force. Applying the
 * same twice changes nothing. Returns how many objects were applied. Throws with the file and the object that the API
 * server refused.
 */
export async function installManifests(
  client: KubeClient,
  directories: readonly string[] = manifestDirectories,
  { wait = true }: { readonly wait?: boolean } = {},
): Promise<number> {
  const manifests = directories.flatMap(manifestsIn);
  const rank = ({ kind }: Manifest): number => (ORDER.includes(kind) ? ORDER.indexOf(kind) : ORDER.length);
  manifests.sort((a, b) => rank(a) - rank(b)); // stable: within a kind the order of the files stays
  const kinds = new Map<string, readonly DiscoveredResource[]>();
  await createMissingNamespaces(client, manifests);
  for (const manifest of manifests) {
    const resource = await resourceOf(client, kinds, manifest);
    try {
      await apply(client, resource, manifest);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`${manifest.file}: ${describe(manifest)} could not be applied: ${why}`, { cause: error });
    }
    if (manifest.kind === 'CustomResourceDefinition') await established(client, manifest.metadata.name);
  }
  if (wait && manifests.some(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding')) await admissionInForce(client);
  return manifests.length;
}

const describe = ({ kind, metadata }: Manifest): string =>
  `${kind} ${metadata.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata.name}`;

function manifestsIn(directory: string): Manifest[] {
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory).filter((name) => /\.ya?ml$/.test(name));
  return files.sort().flatMap((name) => {
    const file = join(directory, name);
    return parseAllDocuments(readFileSync(file, 'utf8')).flatMap((document): Manifest[] => {
      const [problem] = document.errors;
      if (problem !== undefined) throw new Error(`${file} is not valid YAML: ${problem.message}`);
      const content = document.toJS() as Partial<Omit<Manifest, 'file'>> | null;
      if (content === null) return [];
      const { apiVersion, kind, metadata } = content;
      if (apiVersion === undefined || kind === undefined || metadata?.name === undefined)
        throw new Error(`${file}: a document in it lacks apiVersion, kind or metadata.name`);
      return [{ ...content, apiVersion, kind, metadata, file: `${basename(directory)}/${name}` }];
    });
  });
}

interface DiscoveredResource {
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

async function resourceOf(
  client: KubeClient,
  known: Map<string, readonly DiscoveredResource[]>,
  { apiVersion, kind, file }: Manifest,
): Promise<Resource> {
  const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  let list = known.get(apiVersion);
  if (list === undefined) {
    list = (await client.request<{ readonly resources: readonly DiscoveredResource[] }>('GET', path)).resources;
    known.set(apiVersion, list);
  }
  const found = list.find((resource) => resource.kind === kind && !resource.name.includes('/'));
  if (found === undefined) throw new Error(`${file}: the API server knows no kind ${kind} in ${apiVersion}`);
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion];
  return { group, version, kind, plural: found.name, namespaced: found.namespaced };
}

async function apply(client: KubeClient, resource: Resource, { file: _file, ...object }: Manifest): Promise<void> {
  const { name, namespace = 'default' } = object.metadata;
  const at = resource.namespaced ? { namespace, name } : { name };
  await client.patch(resource, at, 'apply', object, { force: true, fieldManager: FIELD_MANAGER });
}

async function createMissingNamespaces(client: KubeClient, manifests: readonly Manifest[]): Promise<void> {
  const own = new Set(manifests.filter(({ kind }) => kind === 'Namespace').map(({ metadata }) => metadata.name));
  for (const name of new Set(manifests.flatMap(({ metadata }) => metadata.namespace ?? []))) {
    if (own.has(name)) continue;
    try {
      await client.create(resources.namespaces, {}, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists')) throw error;
    }
  }
}

interface Crd {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

async function established(client: KubeClient, name: string): Promise<void> {
  const deadline = Date.now() + ESTABLISHED_TIMEOUT_MS;
  for (;;) {
    const { status } = await client.get<Crd>(resources.crds, { name });
    const conditions = status?.conditions ?? [];
    if (conditions.some((condition) => condition.type === 'Established' && condition.status === 'True')) return;
    if (Date.now() > deadline) {
      const refused = conditions.filter((condition) => condition.status === 'False').map(({ message }) => message);
      throw new Error(`CRD ${name} is not established after ${ESTABLISHED_TIMEOUT_MS / 1000} s: ${refused.join('; ')}`);
    }
    await delay(POLL_MS);
  }
}
