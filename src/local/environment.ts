import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { demandFreeSpace } from './free-space.ts';
import { markTemporary, removeLeftovers, rightTo, TEMPORARY_PREFIX } from './leftovers.ts';
import { LOCAL_NODE, type Identity } from './servers/identities.ts';
import { writeIdentityFiles } from './servers/identity-files.ts';
import {
  etcd,
  kubeApiserver,
  kubeControllerManager,
  kubeScheduler,
  type KubernetesSettings,
} from './servers/kubernetes-processes.ts';
import { locatePrograms, type Programs } from './servers/locate.ts';
import { ensurePki, type Pki } from './servers/pki.ts';
import { PortClaims } from './servers/port-claims.ts';
import { choosePorts, type Ports } from './servers/ports.ts';
import type { ProgramName } from './servers/programs.ts';
import { prometheus, PrometheusFiles, type PrometheusTarget } from './servers/prometheus-process.ts';
import { temporal } from './servers/temporal-process.ts';
import { ProcessStartError, type SupervisorEvent } from './supervisor/process-spec.ts';
import { Supervisor } from './supervisor/supervisor.ts';

/** What can be started; `apiserver` includes etcd, and `controller-manager` and `scheduler` need it. */
export type Component = 'apiserver' | 'controller-manager' | 'scheduler' | 'temporal' | 'prometheus';
export const allComponents: readonly Component[] = [
  'apiserver',
  'controller-manager',
  'scheduler',
  'temporal',
  'prometheus',
];

export interface LocalEnvironmentOptions {
  /** Holds everything the servers write. Default: a new temporary directory that `stop` removes. */
  readonly directory?: string;
  /** Whether `stop` leaves the data for a later start. Default: yes for a given directory. */
  readonly keepData?: boolean;
  /** Default: all. */
  readonly components?: readonly Component[];
  /** Ports that must be these and no others. */
  readonly ports?: Partial<Ports>;
  /** Take the ports that people know (API 16443, Temporal 7233 and 8233, Prometheus 9090) where they are free. */
  readonly preferUsualPorts?: boolean;
  readonly prometheusTargets?: readonly PrometheusTarget[];
  /** One line for people per step. */
  readonly onProgress?: (line: string) => void;
  /** A server died or was restarted. */
  readonly onEvent?: (event: SupervisorEvent) => void;
}

export interface LocalEnvironment {
  readonly directory: string;
  readonly ports: Ports;
  readonly apiServerUrl: string;
  /** Path of the kubeconfig of an identity. */
  readonly kubeconfig: (identity: Identity) => string;
  readonly auditLogFile: string;
  readonly pki: Pki;
  readonly temporal: { readonly address: string; readonly uiUrl: string; readonly namespace: string };
  readonly prometheus: {
    readonly url: string;
    /** Replaces the scrape targets under a name of the caller's; takes effect within a moment. */
    readonly setTargets: (name: string, targets: readonly PrometheusTarget[]) => void;
  };
  /** Path of a kubectl that fits. */
  readonly kubectl: string;
  /** Runs the servers; start your own processes in it too, so that they end with everything else. */
  readonly supervisor: Supervisor;
  /** Ends all processes; removes the data unless it is to be kept. Calling it again changes nothing. */
  stop(): Promise<void>;
}

const PROGRAMS: Readonly<Record<Component, readonly ProgramName[]>> = {
  apiserver: ['etcd', 'kube-apiserver', 'kubectl'],
  'controller-manager': ['kube-controller-manager'],
  scheduler: ['kube-scheduler'],
  temporal: ['temporal'],
  prometheus: ['prometheus'],
};
const START_TRIES = 3;
const AUDIT_POLICY = fileURLToPath(new URL('../../deploy/local/audit-policy.yaml', import.meta.url));

/**
 * Starts real servers as child processes on 127.0.0.1; resolves when all are ready. A directory of an earlier run is
 * taken up where it stood. Throws one clear error if a program cannot be had, a requested port or the directory is in
 * use, or a server does not start; then nothing is left running.
 */
export async function startLocalEnvironment(options: LocalEnvironmentOptions = {}): Promise<LocalEnvironment> {
  if (process.platform !== 'linux')
    throw new Error(
      `the local environment needs Linux (pods get addresses in 127.0.0.0/8, which ${process.platform} lacks): ` +
        'use kind or another cluster, and point KUBECONFIG at it',
    );
  const progress = options.onProgress ?? (() => undefined);
  const components = options.components ?? allComponents;
  const programs = await locatePrograms(
    components.flatMap((component) => PROGRAMS[component]),
    { say: progress },
  );
  const directory = resolve(options.directory ?? mkdtempSync(join(tmpdir(), TEMPORARY_PREFIX)));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const right = await rightTo(directory);
  if (!('release' in right))
    throw new Error(
      `${directory} is in use by ${right.heldBy}: end that (\`kubeskippy local down\` if it was started by ` +
        '`local up`), or choose another directory',
    );
  const keepData = options.keepData ?? options.directory !== undefined;
  if (!keepData) {
    markTemporary(directory);
    await removeLeftovers();
  }
  const release = async (): Promise<void> => {
    if (!keepData) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
    await right.release();
  };
  for (let tries = 1; ; tries++) {
    const claims = new PortClaims();
    try {
      return await startOnce(options, { components, programs, directory, keepData, progress, claims, release });
    } catch (error) {
      await claims.release();
      // Between choosing a port and listening on it somebody else may have taken it.
      if (error instanceof ProcessStartError && error.addressInUse && tries < START_TRIES) {
        progress(`${error.process}: its port was taken meanwhile, choosing others`);
        continue;
      }
      await release();
      throw error;
    }
  }
}

interface Resolved {
  readonly components: readonly Component[];
  readonly programs: Programs;
  readonly directory: string;
  readonly keepData: boolean;
  readonly progress: (line: string) => void;
  readonly claims: PortClaims;
  readonly release: () => Promise<void>;
}

async function startOnce(options: LocalEnvironmentOptions, resolved: Resolved): Promise<LocalEnvironment> {
  const { components, programs, directory, keepData, progress, claims } = resolved;
  const began = Date.now();
  demandFreeSpace(directory);
  const ports = await choosePorts({
    ...(options.ports === undefined ? {} : { requested: options.ports }),
    preferUsual: options.preferUsualPorts === true,
    say: progress,
    claim: (port) => claims.take(port),
  });
  const pki = await ensurePki(join(directory, 'pki'), LOCAL_NODE);
  const apiServerUrl = `https://127.0.0.1:${ports.api}`;
  const { tokenFile, kubeconfig } = writeIdentityFiles(directory, pki, apiServerUrl);
  const auditLogFile = join(directory, 'audit.log');
  const kubernetes: KubernetesSettings = {
    ...{ programs, directory, pki, ports, tokenFile, kubeconfig },
    ...{ auditPolicyFile: AUDIT_POLICY, auditLogFile },
  };
  const prometheusFiles = new PrometheusFiles(directory);
  prometheusFiles.writeConfig(pki, ports);
  prometheusFiles.setTargets('options', options.prometheusTargets ?? []);
  const supervisor = new Supervisor({
    logDirectory: join(directory, 'logs'),
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
  });
  const has = (component: Component): boolean => components.includes(component);
  const starting = [
    startKubernetes(supervisor, kubernetes, has),
    ...(has('temporal') ? [supervisor.start(temporal(programs.temporal, directory, ports))] : []),
    ...(has('prometheus') ? [supervisor.start(prometheus(programs.prometheus, prometheusFiles, ports))] : []),
  ];
  try {
    await Promise.all(starting);
  } catch (error) {
    await supervisor.stopAll({ force: true });
    await Promise.allSettled(starting);
    throw error;
  }
  const stop = async (): Promise<void> => {
    await supervisor.stopAll({ force: !keepData });
    await claims.release();
    await resolved.release();
  };
  let stopping: Promise<void> | undefined;
  progress(`servers ready after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return {
    ...{ directory, ports, apiServerUrl, kubeconfig, auditLogFile, pki, supervisor },
    temporal: {
      address: `127.0.0.1:${ports.temporal}`,
      uiUrl: `http://127.0.0.1:${ports.temporalUi}`,
      namespace: 'default',
    },
    prometheus: {
      url: `http://127.0.0.1:${ports.prometheus}`,
      setTargets: (name, targets) => {
        prometheusFiles.setTargets(name, targets);
      },
    },
    kubectl: programs.kubectl,
    stop: () => (stopping ??= stop()),
  };
}

async function startKubernetes(
  supervisor: Supervisor,
  settings: KubernetesSettings,
  has: (component: Component) => boolean,
): Promise<void> {
  if (!has('apiserver')) return;
  await Promise.all([supervisor.start(etcd(settings)), supervisor.start(kubeApiserver(settings))]);
  await Promise.all([
    ...(has('controller-manager') ? [supervisor.start(kubeControllerManager(settings))] : []),
    ...(has('scheduler') ? [supervisor.start(kubeScheduler(settings))] : []),
  ]);
}
