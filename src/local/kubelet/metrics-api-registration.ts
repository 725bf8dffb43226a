import type { KubeClient } from '../../adapters/kubernetes/kube-client.ts';
import { isKubeError } from '../../adapters/kubernetes/kube-error.ts';
import { resources, type Resource } from '../../adapters/kubernetes/resource.ts';

const API_SERVICES: Resource = {
  group: 'apiregistration.k8s.io',
  version: 'v1',
  plural: 'apiservices',
  kind: 'APIService',
  namespaced: false,
};
const API_SERVICE = 'v1beta1.metrics.k8s.io';
const SERVICE = { namespace: 'kube-system', name: 'kubeskippy-local-metrics' };
const MANAGER = { fieldManager: 'kubeskippy-local', force: true };
const POLL_MS = 100;

/**
 * Makes the API server serve `metrics.k8s.io` from the node's HTTPS port: an APIService over a Service of type
 * ExternalName, which the aggregator resolves to this machine without any network of its own. Idempotent; needs an
 * administrator. The link is not verified (the node's certificate names no Service), and never leaves loopback.
 */
export async function registerMetricsApi(admin: KubeClient, port: number): Promise<void> {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: SERVICE,
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ name: 'https', port }] },
  };
  const apiService = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: API_SERVICE },
    spec: {
      group: 'metrics.k8s.io',
      version: 'v1beta1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { ...SERVICE, port },
    },
  };
  await admin.patch(resources.services, SERVICE, 'apply', service, MANAGER);
  await admin.patch(API_SERVICES, { name: API_SERVICE }, 'apply', apiService, MANAGER);
}

/** Resolves when the API server answers `metrics.k8s.io`; throws after `timeoutMs` with what it said last. */
export async function metricsApiServed(client: KubeClient, timeoutMs: number): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; ;) {
    try {
      await client.request('GET', '/apis/metrics.k8s.io/v1beta1');
      return;
    } catch (error) {
      if (!isKubeError(error) || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }
}
