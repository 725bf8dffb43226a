import { afterAll, beforeAll } from '@jest/globals';
import { createCluster } from '../../src/adapters/kubernetes/cluster.ts';
import { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { startLocalEnvironment, type Component, type LocalEnvironment } from '../../src/local/environment.ts';
import { installManifests } from '../../src/local/install-manifests.ts';
import type { ClusterPort } from '../../src/ports/cluster.ts';

/** An API server on which everything that KubeSkippy brings is installed, and where nobody heals. */
export interface InstalledServer {
  readonly env: LocalEnvironment;
  readonly admin: KubeClient;
  /** With the rights of the worker that ship, as is `cluster`. */
  readonly worker: KubeClient;
  readonly cluster: ClusterPort;
}

/** The server of the tests of a file: started before the first, stopped after the last, and of use in between. */
export function serverForTests(...more: readonly Component[]): InstalledServer {
  let server: InstalledServer;
  beforeAll(async () => {
    const env = await startLocalEnvironment({ components: ['apiserver', ...more] });
    const admin = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
    const worker = KubeClient.load({ kubeconfig: env.kubeconfig('worker') });
    server = { env, admin, worker, cluster: createCluster(worker) };
    await installManifests(admin);
  }, 60_000);
  afterAll(() => server.env.stop());
  return {
    get env() {
      return server.env;
    },
    get admin() {
      return server.admin;
    },
    get worker() {
      return server.worker;
    },
    get cluster() {
      return server.cluster;
    },
  };
}
