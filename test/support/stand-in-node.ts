import type { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../src/adapters/kubernetes/object-watch.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import { controllerOf } from '../../src/domain/owner-chain.ts';
import type { Pod } from '../../src/api/workloads.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

/** Pods of such an image never become ready. */
export const BROKEN_IMAGE = 'app:broken';

/**
 * Writes what a kubelet would about pods that run nothing: hundreds of them cost nothing, so what is measured or tested is
 * the healer and the servers, not the start of processes. Pods of Jobs succeed at once.
 */
export class StandInNode {
  readonly #client: KubeClient;
  readonly #watch;
  readonly #done = new Set<string>();

  /** `namespace`: of the pods that run on it; by default all. */
  constructor(client: KubeClient, namespace?: string) {
    this.#client = client;
    this.#watch = new KubeObjectWatch({ client, logger: createLogger('stand-in-node', 'warn') }).watch<Pod>({
      scope: { apiVersion: 'v1', kind: 'Pod', ...(namespace === undefined ? {} : { namespace }) },
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
    const at = new Date().toISOString();
    await this.#patchStatus(pod, { startTime: at, ...lifeOf(pod, at) });
    this.#done.add(uid); // not before: what failed is handed over again
  }

  async #patchStatus({ metadata: { name, namespace = '', uid } }: Pod, status: object): Promise<void> {
    await this.#client.patch(resources.pods, { namespace, name, subresource: 'status' }, 'strategic', {
      metadata: { uid },
      status,
    });
  }
}

function lifeOf(pod: Pod, at: string): object {
  if (pod.spec.containers[0]?.image === BROKEN_IMAGE) {
    const state = { waiting: { reason: 'ImagePullBackOff', message: 'there is no such image' } };
    return {
      phase: 'Pending',
      containerStatuses: [container(pod, { restartCount: 0, ready: false, state })],
      conditions: conditions('False', at),
    };
  }
  if (controllerOf(pod)?.kind === 'Job') {
    const state = { terminated: { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at } };
    return {
      phase: 'Succeeded',
      containerStatuses: [container(pod, { restartCount: 0, ready: false, state })],
      conditions: conditions('False', at),
    };
  }
  return {
    phase: 'Running',
    containerStatuses: [container(pod, { restartCount: 0, ready: true, state: { running: { startedAt: at } } })],
    conditions: conditions('True', at),
  };
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
