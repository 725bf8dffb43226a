import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTokens, identityNames, LOCAL_NODE, tokenFileText, type Identity } from './servers/identities.ts';
import { writeKubeconfig } from './servers/kubeconfig.ts';
import {
  etcd,
  kubeApiserver,
  kubeControllerManager,
  kubeScheduler,
  type KubernetesSettings,
} from './servers/kubernetes-processes.ts';
import { locatePrograms } from './servers/locate.ts';
import { ensurePki, type Pki } from './servers/pki.ts';
import { choosePorts, portNames, type Ports } from './servers/ports.ts';
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
  kubeconfig(identity: Identity): string;
  readonly auditLogFile: string;
  readonly pki: Pki;
  readonly temporal: { readonly address: string; readonly uiUrl: string; readonly namespace: string };
  readonly prometheus: {
    readonly url: string;
    /** Replaces the scrape targets under a name of the caller's; takes effect within a moment. */
    setTargets(name: string, targets: readonly PrometheusTarget[]): void;
  };
  /** Path of a kubectl that fits. */
  readonly kubectl: string;
  /** Runs the servers; start your own processes in it too, so that they end with everything else. */
  readonly supervisor: Supervisor;
  /** Ends all processes; removes the data unless it is to be kept. */
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

/** Starts real servers as child processes on 127.0.0.1; resolves when all are ready. */
export async function startLocalEnvironment(options: LocalEnvironmentOptions = {}): Promise<LocalEnvironment> {
  const components = options.components ?? allComponents;
  const progress = options.onProgress ?? (() => undefined);
  const programs = await locatePrograms(
    components.flatMap((component) => PROGRAMS[component]),
    { onProgress: progress },
  );
  const directory = resolve(options.directory ?? mkdtempSync(join(tmpdir(), 'kubeskippy-')));
  const keepData = options.keepData ?? options.directory !== undefined;
  for (let tries = 1; ; tries++) {
    try {
      return await startOnce(options, { components, programs, directory, keepData, progress });
    } catch (error) {
      // Between choosing a port and listening on it somebody else may have taken it.
      const again = error instanceof ProcessStartError && error.addressInUse && tries < START_TRIES;
      if (again) progress(`${error.process}: its port was taken meanwhile, choosing others`);
      else {
        if (!keepData && options.directory === undefined) rmSync(directory, { recursive: true, force: true });
        throw error;
      }
    }
  }
}

interface Resolved {
  readonly components: readonly Component[];
  readonly programs: Readonly<Record<ProgramName, string>>;
  readonly directory: string;
  readonly keepData: boolean;
  readonly progress: (line: string) => void;
}

async function startOnce(options: LocalEnvironmentOptions, resolved: Resolved): Promise<LocalEnvironment> {
  const { components, programs, directory, keepData, progress } = resolved;
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ports = (await choosePorts(portNames, {
    ...(options.ports === undefined ? {} : { requested: options.ports }),
    preferUsual: options.preferUsualPorts === true,
  })) as Ports;
  const supervisor = new Supervisor({
    logDirectory: join(directory, 'logs'),
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
  });
  const pki = await ensurePki(join(directory, 'pki'), LOCAL_NODE);
  const apiServerUrl = `https://127.0.0.1:${ports.api}`;
  const kubeconfig = (identity: Identity): string => join(directory, 'kubeconfig', `${identity}.yaml`);
  const tokenFile = writeIdentities(directory, pki, apiServerUrl, kubeconfig);
  const settings: KubernetesSettings = {
    programs,
    directory,
    pki,
    ports,
    tokenFile,
    auditPolicyFile: AUDIT_POLICY,
    auditLogFile: join(directory, 'audit.log'),
    kubeconfig,
  };
  const prometheusFiles = new PrometheusFiles(directory);
  prometheusFiles.writeConfig(pki, ports);
  prometheusFiles.setTargets('options', options.prometheusTargets ?? []);
  const has = (component: Component): boolean => components.includes(component);
  const began = Date.now();
  const stop = async (): Promise<void> => {
    await supervisor.stopAll({ force: !keepData });
    if (!keepData) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await Promise.all([
      startKubernetes(supervisor, settings, has),
      ...(has('temporal') ? [supervisor.start(temporal(programs.temporal, directory, ports))] : []),
      ...(has('prometheus') ? [supervisor.start(prometheus(programs.prometheus, prometheusFiles, ports))] : []),
    ]);
  } catch (error) {
    await supervisor.stopAll({ force: true });
    throw error;
  }
  progress(`servers ready after ${((Date.now() - began) / 1000).toFixed(1)} s`);
  return {
    directory,
    ports,
    apiServerUrl,
    kubeconfig,
    auditLogFile: settings.auditLogFile,
    pki,
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
    supervisor,
    stop,
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

/** Namespaces that some identities find themselves in when they name none. */
const HOME_NAMESPACES: Partial<Record<Identity, string>> = { alice: 'tenant-a', bob: 'tenant-b' };

function writeIdentities(
  directory: string,
  pki: Pki,
  server: string,
  kubeconfig: (identity: Identity) => string,
): string {
  const tokens = ensureTokens(directory);
  const tokenFile = join(directory, 'tokens.csv');
  writeFileSync(tokenFile, tokenFileText(tokens), { mode: 0o600 });
  mkdirSync(join(directory, 'kubeconfig'), { recursive: true });
  const ca = readFileSync(pki.ca.certFile, 'utf8');
  for (const identity of identityNames) {
    const namespace = HOME_NAMESPACES[identity];
    writeKubeconfig(kubeconfig(identity), {
      server,
      ca,
      user: identity,
      token: tokens[identity],
      ...(namespace === undefined ? {} : { namespace }),
    });
  }
  return tokenFile;
}
