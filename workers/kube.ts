import { KubeClient } from '../src/adapters/kubernetes/kube-client.ts';
import type { Config } from '../src/config/config.ts';

/** The API server that the configuration names, or the one that kubectl would talk to. */
export function loadKubeClient({ kubernetes: { kubeconfig, context } }: Pick<Config, 'kubernetes'>): KubeClient {
  return KubeClient.load({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  });
}
