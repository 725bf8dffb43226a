import { createHash } from 'node:crypto';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';

type Options = Parameters<KubeConfig['createDispatcherOptions']>;
interface Dispatching {
  createDispatcher?(...options: Options): Dispatcher | undefined;
}

/**
 * client-node builds a new undici Agent, hence a new TLS connection, for every request. Keep one, made anew when
 * anything it depends on changes (server, proxy, CA, client certificate), so that rotated credentials take effect.
 */
export function cacheDispatcher(kubeConfig: KubeConfig): KubeConfig {
  // createDispatcher is private upstream; a test guards this against upgrades.
  const target = kubeConfig as unknown as Dispatching;
  const make = target.createDispatcher?.bind(kubeConfig);
  if (make === undefined) throw new Error('@kubernetes/client-node no longer has KubeConfig.createDispatcher');
  let live: { readonly key: string; readonly dispatcher: Dispatcher | undefined } | undefined;
  target.createDispatcher = (...options) => {
    const source = JSON.stringify([options[0]?.server, kubeConfig.createDispatcherOptions(...options)]);
    const key = createHash('sha256').update(source).digest('hex');
    if (live?.key === key) return live.dispatcher;
    void live?.dispatcher?.close(); // ends once its last request has
    live = { key, dispatcher: make(...options) };
    return live.dispatcher;
  };
  return kubeConfig;
}
