import { arch, cpus, hostname, release, totalmem } from 'node:os';
import { readFileSync } from 'node:fs';
import type { KubeClient } from '../../adapters/kubernetes/kube-client.ts';
import { isKubeError } from '../../adapters/kubernetes/kube-error.ts';
import { resources } from '../../adapters/kubernetes/resource.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { rfc3339 } from './pod.ts';

const LEASE_NAMESPACE = 'kube-node-lease';
const LEASE_SECONDS = 40;
const HEARTBEAT_MS = 10_000;
const STATUS_EVERY_MS = 60_000;
const RETRY_MS = 1000;
const MANAGER = { fieldManager: 'kubelet' };

export interface NodeDescription {
  readonly name: string;
  readonly ip: string;
  /** Port of the HTTPS endpoint (logs), 0 before it listens. */
  readonly port: number;
  readonly capacity: NodeCapacity;
}

export interface NodeCapacity {
  readonly cpu: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

export const machineCapacity = (pods: number): NodeCapacity => ({ cpu: cpus().length, memoryBytes: totalmem(), pods });

interface Node extends KubeObject {
  readonly spec?: { readonly taints?: readonly { readonly key: string; readonly effect: string }[] };
  readonly status?: { readonly conditions?: readonly NodeCondition[] };
}

interface NodeCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string;
}

/** Keeps the Node object and its Lease alive: registers, reports, heartbeats, and goes on through outages. */
export class NodeRegistration {
  readonly #client: KubeClient;
  readonly #node: NodeDescription;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #reportedAt = 0;

  constructor(client: KubeClient, node: NodeDescription, logger: Logger) {
    this.#client = client;
    this.#node = node;
    this.#logger = logger;
  }

  /** Resolves when the node is registered and Ready. */
  async start(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#register();
        await this.#beat();
        break;
      } catch (error) {
        this.#logger.warn({ err: error, node: this.#node.name }, 'node not registered yet');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    this.#plan(HEARTBEAT_MS);
  }

  /** Stops the heartbeat and says so: the node turns NotReady at once instead of after a grace period. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    try {
      await this.#report('False');
    } catch (error) {
      this.#logger.debug({ err: error }, 'the API server was not told that the node stops');
    }
  }

  #plan(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.#beat().then(
        () => {
          this.#plan(HEARTBEAT_MS);
        },
        (error: unknown) => {
          this.#logger.warn({ err: error, node: this.#node.name }, 'heartbeat failed');
          this.#plan(RETRY_MS);
        },
      );
    }, ms);
  }

  async #register(): Promise<void> {
    const { name } = this.#node;
    const labels = {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': arch() === 'x64' ? 'amd64' : arch(),
      'kubeskippy.io/process-kubelet': 'true',
    };
    const found = await this.#client.find<Node>(resources.nodes, { name });
    if (found === undefined) {
      const body = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels }, spec: {} };
      try {
        await this.#client.create(resources.nodes, {}, body, { query: MANAGER });
      } catch (error) {
        if (!isKubeError(error, 'AlreadyExists')) throw error;
      }
    }
    await this.#report('True');
    await this.#clearNotReadyTaint();
  }

  /** Admission taints every new node until it reports; without the node lifecycle controller nobody would take that back. */
  async #clearNotReadyTaint(): Promise<void> {
    const { name } = this.#node;
    const node = await this.#client.get<Node>(resources.nodes, { name });
    const taints = node.spec?.taints ?? [];
    const kept = taints.filter(
      ({ key, effect }) => !(key === 'node.kubernetes.io/not-ready' && effect === 'NoSchedule'),
    );
    if (kept.length === taints.length) return;
    const patch = [
      { op: 'test', path: '/metadata/resourceVersion', value: node.metadata.resourceVersion },
      { op: 'replace', path: '/spec/taints', value: kept },
    ];
    await this.#client.patch(resources.nodes, { name }, 'json', patch, MANAGER);
  }

  async #beat(): Promise<void> {
    try {
      await this.#renewLease();
      if (Date.now() - this.#reportedAt >= STATUS_EVERY_MS) await this.#report('True');
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
      await this.#register(); // somebody deleted the Node
      await this.#renewLease();
    }
  }

  async #renewLease(): Promise<void> {
    const { name } = this.#node;
    const at = { namespace: LEASE_NAMESPACE, name };
    const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime() };
    try {
      await this.#client.patch(resources.leases, at, 'merge', { spec }, MANAGER);
    } catch (error) {
      if (!isKubeError(error, 'NotFound')) throw error;
      const { uid } = (await this.#client.get<Node>(resources.nodes, { name })).metadata;
      const owner = { apiVersion: 'v1', kind: 'Node', name, uid };
      const body = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name, namespace: LEASE_NAMESPACE, ownerReferences: [owner] },
        spec,
      };
      await this.#client.create(resources.leases, { namespace: LEASE_NAMESPACE }, body, { query: MANAGER });
    }
  }

  async #report(ready: 'True' | 'False'): Promise<void> {
    const { name, ip, port, capacity } = this.#node;
    const before = (await this.#client.find<Node>(resources.nodes, { name }))?.status?.conditions ?? [];
    const now = rfc3339(Date.now());
    const condition = (type: string, status: 'True' | 'False', reason: string, message: string) => {
      const previous = before.find((candidate) => candidate.type === type);
      const since = previous?.status === status ? previous.lastTransitionTime : undefined;
      return { type, status, reason, message, lastHeartbeatTime: now, lastTransitionTime: since ?? now };
    };
    const quantities = {
      cpu: String(capacity.cpu),
      memory: `${Math.floor(capacity.memoryBytes / 1024)}Ki`,
      pods: String(capacity.pods),
    };
    const status = {
      capacity: quantities,
      allocatable: quantities,
      addresses: [
        { type: 'InternalIP', address: ip },
        { type: 'Hostname', address: name },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
      nodeInfo: nodeInfo(),
      conditions: [
        condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        ready === 'True'
          ? condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
          : condition('Ready', 'False', 'KubeletNotReady', 'kubelet is shutting down'),
      ],
    };
    await this.#client.patch(resources.nodes, { name, subresource: 'status' }, 'strategic', { status }, MANAGER);
    this.#reportedAt = Date.now();
  }
}

function nodeInfo(): Record<string, string> {
  return {
    machineID: read('/etc/machine-id') || hostname(),
    systemUUID: hostname(),
    bootID: read('/proc/sys/kernel/random/boot_id'),
    kernelVersion: release(),
    osImage: 'KubeSkippy process kubelet',
    operatingSystem: 'linux',
    architecture: arch() === 'x64' ? 'amd64' : arch(),
    containerRuntimeVersion: `process://${process.versions.node}`,
    kubeletVersion: 'v1.36.2-kubeskippy',
    kubeProxyVersion: '',
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}

/** RFC 3339 with microseconds, as `metav1.MicroTime` demands. */
const microTime = (): string => new Date().toISOString().replace('Z', '000Z');
