import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../../src/adapters/kubernetes/object-watch.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import { installManifests } from '../../../src/local/install-manifests.ts';
import { kubeletProcess } from '../../../src/local/kubelet/kubelet-process.ts';
import type { Container, ContainerStatus, Pod, PodSpec } from '../../../src/local/kubelet/pod.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';

const RBAC = fileURLToPath(new URL('../../../deploy/local/rbac', import.meta.url));
const NAMESPACE = 'default';
const run = promisify(execFile);

export interface Event {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  readonly involvedObject: {
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly fieldPath?: string;
  };
}

export interface StateHistory {
  states(): readonly string[];
  /** When a state was first seen; epoch ms. */
  at(state: string): number;
  stop(): Promise<void>;
}

/** A real control plane with the process kubelet as its only node. */
export class Cluster {
  readonly env: LocalEnvironment;
  readonly client: KubeClient;

  private constructor(env: LocalEnvironment) {
    this.env = env;
    this.client = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
  }

  static async start(crashBackoffBase = '1s'): Promise<Cluster> {
    const env = await startLocalEnvironment({ components: ['apiserver', 'controller-manager', 'scheduler'] });
    const cluster = new Cluster(env);
    await installManifests(cluster.client, [RBAC]);
    await env.supervisor.start(kubeletProcess(env, { crashBackoffBase }));
    await eventually('the default service account', () =>
      cluster.client.find(resources.serviceAccounts, { namespace: NAMESPACE, name: 'default' }),
    );
    return cluster;
  }

  async stop(): Promise<void> {
    await this.env.stop();
  }

  async kubectl(...args: readonly string[]): Promise<string> {
    const { stdout } = await run(this.env.kubectl, ['--kubeconfig', this.env.kubeconfig('admin'), ...args], {
      maxBuffer: 64 * 2 ** 20,
    });
    return stdout;
  }

  async createPod(name: string, spec: PodSpec, labels: Readonly<Record<string, string>> = {}): Promise<Pod> {
    const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name, ...labels } }, spec };
    return this.client.create<Pod>(resources.pods, { namespace: NAMESPACE }, body);
  }

  async createDeployment(name: string, containers: readonly Partial<Container>[], replicas = 1): Promise<void> {
    await this.create('apps/v1', 'Deployment', name, {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { terminationGracePeriodSeconds: 2, containers } },
    });
  }

  async create(apiVersion: string, kind: string, name: string, spec: unknown): Promise<void> {
    const resource = Object.values(resources).find(
      (candidate) => candidate.kind === kind && candidate.plural !== 'coreEvents',
    );
    if (resource === undefined) throw new Error(`no resource for ${kind}`);
    await this.client.create(resource, { namespace: NAMESPACE }, { apiVersion, kind, metadata: { name }, spec });
  }

  pod(name: string): Promise<Pod | undefined> {
    return this.client.find<Pod>(resources.pods, { namespace: NAMESPACE, name });
  }

  async podsOf(app: string): Promise<Pod[]> {
    return (await this.client.list<Pod>(resources.pods, { namespace: NAMESPACE, labelSelector: `app=${app}` })).items;
  }

  /** Waits until the pod's first (or named) container looks as wanted. */
  containerOf(
    name: string,
    wanted: (status: ContainerStatus, pod: Pod) => boolean,
    of?: string,
  ): Promise<ContainerStatus> {
    return eventually(`container of pod ${name}`, async () => {
      const pod = await this.pod(name);
      const statuses = [...(pod?.status?.containerStatuses ?? []), ...(pod?.status?.initContainerStatuses ?? [])];
      const status = of === undefined ? statuses[0] : statuses.find((candidate) => candidate.name === of);
      return status !== undefined && pod !== undefined && wanted(status, pod) ? status : undefined;
    });
  }

  async eventsOf(uid: string): Promise<Event[]> {
    const { items } = await this.client.list<Event>(resources.coreEvents, {
      fieldSelector: `involvedObject.uid=${uid}`,
    });
    return items;
  }

  eventOf(uid: string, reason: string, text: string): Promise<Event> {
    return eventually(`event ${reason} ${text}`, async () =>
      (await this.eventsOf(uid)).find((event) => event.reason === reason && event.message.includes(text)),
    );
  }

  /** Every state that the API server showed of a pod's container, in order, without repetitions, with its time. */
  async recordStates(name: string): Promise<StateHistory> {
    const seen: { readonly state: string; readonly at: number }[] = [];
    const note = (pod: Pod): void => {
      const state = describeState(pod.status?.containerStatuses?.[0]);
      if (seen.at(-1)?.state !== state) seen.push({ state, at: Date.now() });
    };
    const watch = new KubeObjectWatch({ client: this.client, logger: createLogger('test', 'silent') }).watch<Pod>({
      scope: { apiVersion: 'v1', kind: 'Pod', namespace: NAMESPACE, fieldSelector: `metadata.name=${name}` },
      project: (raw: KubeObject) => {
        note(raw as Pod); // here, since the hand-over may leave states out
        return raw as Pod;
      },
      onChange: () => undefined,
    });
    watch.start();
    await watch.ready;
    return {
      states: () => seen.map(({ state }) => state),
      at: (state) => seen.find((entry) => entry.state === state)?.at ?? Number.NaN,
      stop: () => watch.stop(),
    };
  }

  /** Processes of bundled programs that this cluster's node runs: pid → its arguments. */
  processes(): ReadonlyMap<number, string> {
    const found = new Map<number, string>();
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      const command = commandLine(entry);
      if (command.includes(`${this.env.directory}/kubelet/programs/`)) found.set(Number(entry), command);
    }
    return found;
  }

  get kubeletPid(): number {
    const pid = this.env.supervisor.get('kubelet').pid;
    if (pid === undefined) throw new Error('the kubelet does not run');
    return pid;
  }
}

function describeState(status: ContainerStatus | undefined): string {
  if (status === undefined) return 'none';
  const { running, terminated, waiting } = status.state;
  if (running !== undefined) return `running ${status.restartCount}`;
  return terminated === undefined
    ? `waiting ${waiting?.reason ?? ''} ${status.restartCount}`
    : `${terminated.reason} ${status.restartCount}`;
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

const POLL_MS = 100;

/** Polls until there is an answer; fails with what was waited for, and the last error if there was one. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  timeoutMs = 20_000,
): Promise<T> {
  let problem: unknown;
  for (const deadline = Date.now() + timeoutMs; ;) {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: problem });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
