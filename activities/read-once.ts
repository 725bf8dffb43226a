import type { ClusterReader } from '../src/ports/cluster.ts';

/**
 * The same reader, which asks for the same thing once: for what is looked at from several sides in one moment. What it knows
 * it does not read again, so that it must not outlive that moment.
 */
export function readOnce(cluster: ClusterReader): ClusterReader {
  const known = new Map<string, Promise<unknown>>();
  const once = <T>(key: string, read: () => Promise<T>): Promise<T> => {
    const reading = known.get(key) ?? read();
    known.set(key, reading);
    return reading as Promise<T>; // the key tells the kind, and with it the type
  };
  return {
    get: (ref) => {
      const { apiVersion, kind, namespace, name } = ref; // a reference may say more, which does not count
      return once(JSON.stringify(['get', apiVersion, kind, namespace, name]), () => cluster.get(ref));
    },
    list: (of, labelSelector) => {
      const { apiVersion, kind, namespace, first, notOlderThan } = of;
      const key = JSON.stringify(['list', apiVersion, kind, namespace, first, notOlderThan, labelSelector]);
      return once(key, () => cluster.list(of, labelSelector));
    },
    preview: (target, patch) => cluster.preview(target, patch),
  };
}
