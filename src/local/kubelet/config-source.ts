import type { KubeClient } from '../../adapters/kubernetes/kube-client.ts';
import { KubeError } from '../../adapters/kubernetes/kube-error.ts';
import { resources, type Resource } from '../../adapters/kubernetes/resource.ts';
import type { ConfigSource } from './environment.ts';

/** Not among the kinds that KubeSkippy itself may name: only a node reads secrets, and only those that its pods refer to. */
const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true };

type Data = Readonly<Record<string, string>>;

/**
 * Reads ConfigMaps and Secrets when a container starts. While the API server is away, what was read last still serves, so
 * that crashed containers are restarted.
 */
export function kubeConfigSource(client: KubeClient): ConfigSource {
  const lastRead = new Map<string, Data | undefined>();
  const read = async (resource: Resource, namespace: string, name: string): Promise<Data | undefined> => {
    const key = `${resource.plural}/${namespace}/${name}`;
    try {
      const found = await client.find<{ data?: Data }>(resource, { namespace, name }, { timeoutMs: 5000 });
      lastRead.set(key, found === undefined ? undefined : (found.data ?? {}));
    } catch (error) {
      if (!(error instanceof KubeError && error.ambiguous) || !lastRead.has(key)) throw error;
    }
    return lastRead.get(key);
  };
  return {
    configMap: (namespace, name) => read(resources.configMaps, namespace, name),
    async secret(namespace, name) {
      const data = await read(SECRETS, namespace, name);
      if (data === undefined) return undefined;
      const decoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]);
      return Object.fromEntries(decoded) as Data;
    },
  };
}
