import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalEnvironment } from '../environment.ts';
import { LOCAL_NODE } from '../servers/identities.ts';
import type { ProcessSpec } from '../supervisor/process-spec.ts';
import { httpReady } from '../supervisor/readiness.ts';

export interface KubeletProcessOptions {
  /** Base of the restart and image back-offs, e.g. `1s`; default the real `10s`. */
  readonly crashBackoffBase?: string;
  readonly maxPods?: number;
}

type Environment = Pick<LocalEnvironment, 'directory' | 'kubeconfig' | 'pki' | 'ports'>;

/**
 * The kubelet as a process of the local environment: `env.supervisor.start(kubeletProcess(env, options))`. Prometheus
 * scrapes it at `https://127.0.0.1:<env.ports.kubelet>/metrics`.
 */
export function kubeletProcess(env: Environment, options: KubeletProcessOptions = {}): ProcessSpec {
  const { pki } = env;
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  return {
    name: 'kubelet',
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      join(import.meta.dirname, `main.${extension}`),
      `--kubeconfig=${env.kubeconfig('node')}`,
      `--node-name=${LOCAL_NODE}`,
      `--root-dir=${join(env.directory, 'kubelet')}`,
      `--port=${env.ports.kubelet}`,
      `--tls-cert=${pki.kubeletServing.certFile}`,
      `--tls-key=${pki.kubeletServing.keyFile}`,
      `--client-ca=${pki.ca.certFile}`,
      `--requestheader-client-ca=${pki.frontProxyCa.certFile}`,
      `--crash-backoff-base=${options.crashBackoffBase ?? '10s'}`,
      `--max-pods=${options.maxPods ?? 110}`,
    ],
    ready: httpReady(`https://127.0.0.1:${env.ports.kubelet}/healthz`, { ca: readFileSync(pki.ca.certFile, 'utf8') }),
    stopTimeoutMs: 8000,
  };
}
