import { fileURLToPath } from 'node:url';
import { extname } from 'node:path';
import { KubeClient } from '../adapters/kubernetes/kube-client.ts';
import { startLocalEnvironment, type LocalEnvironment, type LocalEnvironmentOptions } from './environment.ts';
import { installManifests } from './install-manifests.ts';
import { kubeletProcess, type KubeletProcessOptions } from './kubelet/kubelet-process.ts';
import { freePort } from './servers/ports.ts';
import type { ProcessSpec } from './supervisor/process-spec.ts';
import { httpReady } from './supervisor/readiness.ts';

export interface StackOptions extends LocalEnvironmentOptions {
  /** `false`: no node, so pods stay as whoever else writes their status. */
  readonly kubelet?: KubeletProcessOptions | false;
  /** Settings of controller and worker, as KUBESKIPPY_… variables. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** The local servers with a node, our manifests, and KubeSkippy itself, each as a supervised process. */
export interface Stack {
  readonly env: LocalEnvironment;
  readonly admin: KubeClient;
  stop(): Promise<void>;
}

/** Controller and worker run as in a cluster: as processes of their own, with the rights that ship. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { kubelet, settings = {}, ...environment } = options;
  const env = await startLocalEnvironment(environment);
  try {
    const admin = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
    await installManifests(admin);
    const ports = { controller: await freePort(), worker: await freePort() };
    await Promise.all([
      ...(kubelet === false ? [] : [env.supervisor.start(kubeletProcess(env, kubelet))]),
      env.supervisor.start(healerProcess(env, 'worker', ports.worker, settings)),
      env.supervisor.start(healerProcess(env, 'controller', ports.controller, settings)),
    ]);
    env.prometheus.setTargets('kubeskippy', [
      { job: 'kubeskippy-controller', url: `http://127.0.0.1:${ports.controller}/metrics` },
      { job: 'kubeskippy-worker', url: `http://127.0.0.1:${ports.worker}/metrics` },
      { job: 'kubelet', url: `https://127.0.0.1:${env.ports.kubelet}/metrics` },
    ]);
    return { env, admin, stop: () => env.stop() };
  } catch (error) {
    await env.stop();
    throw error;
  }
}

function healerProcess(
  env: LocalEnvironment,
  part: 'controller' | 'worker',
  port: number,
  settings: Readonly<Record<string, string>>,
): ProcessSpec {
  const main = fileURLToPath(new URL(`../cli/main${extname(import.meta.url)}`, import.meta.url));
  return {
    name: part,
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', main, part],
    env: {
      KUBESKIPPY_KUBECONFIG: env.kubeconfig(part),
      KUBESKIPPY_TEMPORAL_ADDRESS: env.temporal.address,
      KUBESKIPPY_METRICS_HOST: '127.0.0.1',
      KUBESKIPPY_METRICS_PORT: String(port),
      ...settings,
    },
    ready: httpReady(`http://127.0.0.1:${port}/readyz`),
    stopTimeoutMs: 20_000,
  };
}
