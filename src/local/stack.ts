import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KubeClient } from '../adapters/kubernetes/kube-client.ts';
import { startLocalEnvironment, type LocalEnvironment, type LocalEnvironmentOptions } from './environment.ts';
import { admissionInForce } from './admission-in-force.ts';
import { installManifests, manifestDirectories } from './install-manifests.ts';
import { kubeletProcess, type KubeletProcessOptions } from './kubelet/kubelet-process.ts';
import { registerMetricsApi } from './kubelet/metrics-api-registration.ts';
import { freePort } from './servers/ports.ts';
import type { ProcessSpec } from './supervisor/process-spec.ts';
import { httpReady } from './supervisor/readiness.ts';

export interface NodeAndHealerOptions {
  /** `false`: no node; pods have whatever status somebody else writes (benchmarks). */
  readonly kubelet?: KubeletProcessOptions | false;
  /** Settings of controller and worker, as KUBESKIPPY_… variables. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Without it there is only the node. Default: true. */
  readonly healer?: boolean;
  /** One line for people per step. */
  readonly onProgress?: (line: string) => void;
}

export interface StackOptions extends LocalEnvironmentOptions, NodeAndHealerOptions {
  /** Gives up the start: everything is ended and the start rejects. Later it has no effect. */
  readonly signal?: AbortSignal;
}

/** The local servers with a node, our manifests, and KubeSkippy itself, each as a supervised process. */
export interface Stack {
  readonly env: LocalEnvironment;
  readonly admin: KubeClient;
  stop(): Promise<void>;
}

/** Resolves when everything is ready; when it rejects, nothing is left running. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { signal } = options;
  const env = await startLocalEnvironment(options);
  const giveUp = (): void => void env.stop(); // what is being started then fails
  signal?.addEventListener('abort', giveUp);
  try {
    signal?.throwIfAborted();
    const admin = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
    await startNodeAndHealer(env, admin, options);
    signal?.throwIfAborted();
    return { env, admin, stop: () => env.stop() };
  } catch (error) {
    await env.stop();
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
}

/** Controller and worker run as in a cluster: as processes of their own, with the rights that ship. */
export async function startNodeAndHealer(
  env: LocalEnvironment,
  admin: KubeClient,
  { kubelet, settings = {}, healer = true, onProgress = () => undefined }: NodeAndHealerOptions,
): Promise<void> {
  const began = Date.now();
  const worker = await freePort();
  const ports = { worker, controller: await freePort(new Set([worker])) };
  const start = (part: 'controller' | 'worker'): Promise<unknown> =>
    healer ? env.supervisor.start(healerProcess(env, part, ports[part], settings)) : Promise.resolve();
  const startNode = async (): Promise<void> => {
    if (kubelet === false) return;
    await env.supervisor.start(kubeletProcess(env, kubelet));
    await registerMetricsApi(admin, env.ports.kubelet);
  };
  const startWhatNeedsManifests = async (): Promise<void> => {
    onProgress('installing CRDs, rights and admission policies');
    await installManifests(admin, manifestDirectories, { wait: false });
    const parts = [...(kubelet === false ? [] : ['node']), ...(healer ? ['healer'] : [])];
    onProgress(`starting the ${parts.join(' and the ')}`);
    await Promise.all([startNode(), start('controller'), admissionInForce(admin)]);
  };
  // The worker takes longest to come up, and asks nothing of the cluster before it has work.
  await Promise.all([start('worker'), startWhatNeedsManifests()]);
  env.prometheus.setTargets('kubeskippy', [
    ...(kubelet === false ? [] : [{ job: 'kubelet', url: `https://127.0.0.1:${env.ports.kubelet}/metrics` }]),
    ...(healer
      ? [
          { job: 'kubeskippy-controller', url: `http://127.0.0.1:${ports.controller}/metrics` },
          { job: 'kubeskippy-worker', url: `http://127.0.0.1:${ports.worker}/metrics` },
        ]
      : []),
  ]);
  onProgress(`ready after another ${((Date.now() - began) / 1000).toFixed(1)} s`);
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
      KUBESKIPPY_PROMETHEUS_URL: env.prometheus.url,
      // The local Prometheus looks every two seconds.
      KUBESKIPPY_PROMETHEUS_LOOKBACK_MS: '5000',
      KUBESKIPPY_METRICS_HOST: '127.0.0.1',
      KUBESKIPPY_METRICS_PORT: String(port),
      KUBESKIPPY_ACCEPT_SIGNALS: 'true', // nobody else reaches these servers
      ...settings,
    },
    ready: httpReady(`http://127.0.0.1:${port}/readyz`),
    stopTimeoutMs: 20_000,
  };
}
