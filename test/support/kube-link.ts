import { readFileSync } from 'node:fs';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';

/** A client with the identity of a kubeconfig file whose link goes through another port of this host. */
export function clientThrough(port: number, kubeconfigFile: string): KubeClient {
  const kubeConfig = new KubeConfig();
  const text = readFileSync(kubeconfigFile, 'utf8');
  kubeConfig.loadFromString(text.replace(/(server: ["']?https:\/\/127\.0\.0\.1):\d+/, `$1:${port}`));
  const client = new KubeClient(kubeConfig);
  if (!client.server.endsWith(`:${port}`)) throw new Error(`${kubeconfigFile} names no server on 127.0.0.1`);
  return client;
}
