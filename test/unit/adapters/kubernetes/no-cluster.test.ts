import { expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeClient } from '../../../../src/adapters/kubernetes/kube-client.ts';

test('a machine without any kubeconfig is told so at once, not request by request', () => {
  const nothing = new KubeConfig();
  nothing.loadFromClusterAndUser({ name: 'cluster', server: 'http://localhost:8080' } as never, { name: 'user' });
  expect(() => new KubeClient(nothing)).toThrow(/no cluster to talk to.*KUBECONFIG/);
});

test('a kubeconfig without a current cluster says how to choose one', () => {
  expect(() => new KubeClient(new KubeConfig())).toThrow(/names no current cluster.*use-context/);
});
