import type { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../src/adapters/kubernetes/object-watch.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { Pod } from '../../src/api/workloads.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

/**
 * Writes what a kubelet would about pods that run nothing: hundreds of them cost nothing, so the benchmark measures the
 * healer and the servers, not the start of processes.
 */
export class StandInNode {
  readonly #client: KubeClient;
  readonly #watch;
  readonly #done = new Set<string>();

  constructor(client: KubeClient) {
    this.#client = client;
    this.#watch = new KubeObjectWatch({ client, logger: createLogger('stand-in-node', 'warn') }).watch<Pod>({
      scope: { apiVersion: 'v1', kind: 'Pod', namespace: 'bench' },
      project: (raw) => raw as Pod,
      onChange: ({ type, object }) => (type === 'deleted' ? undefined : this.#settle(object)),
    });
  }

  async start(): Promise<void> {
    this.#watch.start();
    await this.#watch.ready;
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  /** The pod's container has crashed twice. */
  async crash(pod: Pod): Promise<void> {
    const at = new Date().toISOString();
    const terminated = { exitCode: 1, reason: 'Error', startedAt: at, finishedAt: at };
    await this.#patchStatus(pod, {
      containerStatuses: [
        container(pod, { restartCount: 1, ready: false, state: { terminated }, lastState: { terminated } }),
      ],
      conditions: conditions('False', at),
    });
  }

  async #settle(pod: Pod): Promise<void> {
    const { name, namespace = '', uid, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) {
      await this.#client
        .delete(resources.pods, { namespace, name }, { gracePeriodSeconds: 0, preconditions: { uid } })
        .catch(() => undefined); // already gone
      return;
    }
    if (this.#done.has(uid)) return;
    this.#done.add(uid);
    const at = new Date().toISOString();
    await this.#patchStatus(pod, {
      phase: 'Running',
      startTime: at,
      containerStatuses: [container(pod, { restartCount: 0, ready: true, state: { running: { startedAt: at } } })],
      conditions: conditions('True', at),
    });
  }

  async #patchStatus({ metadata: { name, namespace = '', uid } }: Pod, status: object): Promise<void> {
    await this.#client.patch(resources.pods, { namespace, name, subresource: 'status' }, 'strategic', {
      metadata: { uid },
      status,
    });
  }
}

const container = (pod: Pod, state: object): object => ({
  name: pod.spec.containers[0]?.name,
  image: pod.spec.containers[0]?.image,
  imageID: '',
  started: true,
  ...state,
});

const conditions = (status: 'True' | 'False', at: string): object[] =>
  ['Initialized', 'ContainersReady', 'Ready'].map((type) => ({ type, status, lastTransitionTime: at }));
