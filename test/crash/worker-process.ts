import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LocalEnvironment } from '../../src/local/environment.ts';
import { freePort } from '../../src/local/servers/ports.ts';
import type { ProcessSpec } from '../../src/local/supervisor/process-spec.ts';
import { httpReady } from '../../src/local/supervisor/readiness.ts';
import { kubeconfigAt } from './kubeconfig-at.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface WorkerPlace {
  readonly name: string;
  /** URL of the API server as this worker shall see it. */
  readonly apiServer: string;
  readonly temporalNamespace: string;
}

/** A worker as it runs in a cluster: its own process, with the rights that ship, started again when it dies. */
export async function workerProcess(env: LocalEnvironment, place: WorkerPlace): Promise<ProcessSpec> {
  const port = await freePort();
  return {
    name: place.name,
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', MAIN, 'worker'],
    env: {
      KUBESKIPPY_KUBECONFIG: kubeconfigAt(env, 'worker', { server: place.apiServer, name: place.name }),
      KUBESKIPPY_TEMPORAL_ADDRESS: env.temporal.address,
      KUBESKIPPY_TEMPORAL_NAMESPACE: place.temporalNamespace,
      KUBESKIPPY_METRICS_HOST: '127.0.0.1',
      KUBESKIPPY_METRICS_PORT: String(port),
      KUBESKIPPY_LOG_LEVEL: 'warn',
      NODE_COMPILE_CACHE: join(env.directory, 'compile-cache'), // it is started often
    },
    ready: httpReady(`http://127.0.0.1:${port}/readyz`),
    readyTimeoutMs: 120_000,
    stopTimeoutMs: 20_000,
  };
}
