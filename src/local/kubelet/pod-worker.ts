import { isKubeError } from '../../adapters/kubernetes/kube-error.ts';
import { resources } from '../../adapters/kubernetes/resource.ts';
import type { Records } from './container-record.ts';
import { subjectOf } from './container-starter.ts';
import type { NodeContext } from './node-context.ts';
import { PodContainers, type ContainerHost } from './pod-containers.ts';
import { PodDirectory } from './pod-directory.ts';
import type { PodAddress } from './pod-network.ts';
import { planPod } from './pod-plan.ts';
import { podStatus, type PodVerdict } from './pod-status.ts';
import type { Pod, PodCondition } from './pod.ts';
import { restoreRecords } from './restore.ts';
import type { RunningContainer } from './running-container.ts';
import { StatusWriter } from './status-writer.ts';

const DELETE_RETRY_MS = 1000;

/**
 * One pod on this node, from the moment it is seen to the moment its object is gone. Level-based: every change only wakes
 * the sync, which looks at the pod as it should be and the processes as they are.
 */
export class PodWorker implements ContainerHost {
  readonly directory: PodDirectory;
  readonly address: PodAddress;
  readonly startedAt: number;
  /** Resolves when the pod's processes have ended, its object is gone, and nothing of it is left on disk. */
  readonly finished: Promise<void>;
  readonly #node: NodeContext;
  readonly #writer: StatusWriter;
  readonly #containers: PodContainers;
  readonly #markFinished: () => void;
  #pod: Pod;
  #conditions: readonly PodCondition[];
  /** No container will be started any more. */
  #terminal: boolean;
  #verdict: PodVerdict | undefined;
  #removed = false;
  #deleting = false;
  #closed = false;
  #syncing = false;
  #syncAgain = false;
  #wake: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;

  constructor(node: NodeContext, pod: Pod) {
    this.#node = node;
    this.#pod = pod;
    this.directory = new PodDirectory(node.podsRoot, pod.metadata.uid);
    const checkpoint = this.directory.load();
    this.startedAt = checkpoint?.startedAt ?? (Date.parse(pod.status?.startTime ?? '') || Date.now());
    this.address = node.network.allocate(checkpoint?.address ?? pod.status?.podIP);
    this.#containers = new PodContainers(node, this, restoreRecords(pod, checkpoint, Date.now()));
    this.#conditions = pod.status?.conditions ?? [];
    this.#terminal = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (this.#terminal && pod.status?.reason !== undefined)
      this.#verdict = { reason: pod.status.reason, message: pod.status.message ?? '' };
    this.#writer = new StatusWriter(node.client, node.logger, pod);
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.finished = promise;
    this.#markFinished = () => {
      resolve(undefined);
    };
    this.wake();
  }

  get pod(): Pod {
    return this.#pod;
  }

  get records(): Records {
    return this.#containers.records;
  }

  get running(): ReadonlyMap<string, RunningContainer> {
    return this.#containers.running;
  }

  /** The pod as the API server has it now. */
  update(pod: Pod): void {
    const before = this.#pod.metadata;
    this.#pod = pod;
    const { generation, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    const deleted =
      deletionTimestamp !== before.deletionTimestamp ||
      deletionGracePeriodSeconds !== before.deletionGracePeriodSeconds;
    // A change of status alone, most often our own, is no reason to look again; only gates are set by others.
    if (deleted || generation !== before.generation || pod.spec.readinessGates !== undefined) this.wake();
    else this.#writer.repair(pod);
  }

  /** The object is gone from the API server (also by force): what still runs is ended. */
  remove(): void {
    this.#removed = true;
    this.#writer.abandon();
    this.wake();
  }

  /** Ends all processes without touching the pod's object: the node itself stops. */
  async shutdown(graceMs: number): Promise<void> {
    this.#closed = true;
    this.#cancelWake();
    this.#writer.abandon();
    await this.#containers.shutdown(graceMs);
  }

  wake(): void {
    if (this.#syncing) this.#syncAgain = true;
    else void this.#syncUntilStill();
  }

  /** Of several plans the earliest wins; a sync before then voids it. */
  wakeIn(ms: number): void {
    const at = Date.now() + ms;
    if (this.#wake !== undefined && this.#wake.at <= at) return;
    this.#cancelWake();
    const timer = setTimeout(() => {
      this.#wake = undefined;
      this.wake();
    }, ms);
    this.#wake = { at, timer };
  }

  #cancelWake(): void {
    clearTimeout(this.#wake?.timer);
    this.#wake = undefined;
  }

  async #syncUntilStill(): Promise<void> {
    this.#syncing = true;
    try {
      do await this.#sync();
      while (this.#takeSyncAgain());
    } catch (error) {
      this.#node.logger.error({ err: error, pod: this.#pod.metadata.name }, 'pod sync failed; trying again');
      this.wakeIn(this.#node.backoffBaseMs);
    } finally {
      this.#syncing = false;
    }
  }

  #takeSyncAgain(): boolean {
    const again = this.#syncAgain;
    this.#syncAgain = false;
    return again;
  }

  async #sync(): Promise<void> {
    if (this.#closed) return;
    this.#cancelWake();
    this.#containers.beginSync();
    if (this.#removed || this.#pod.metadata.deletionTimestamp !== undefined) {
      await this.#terminate();
      return;
    }
    this.#enforceDeadline();
    const plan = planPod(this.#pod, this.records);
    if (plan.finished && this.running.size === 0) this.#terminal = true;
    this.#publish();
    if (this.#terminal) return;
    this.#containers.applySpecChanges();
    for (const container of plan.stop) this.#containers.stop(container, this.#containers.graceMs());
    for (const container of plan.start) {
      const outcome = await this.#containers.start(container);
      if (outcome !== 'put off') this.#publish();
      if (outcome === 'started' && !plan.initialized) this.wake(); // the next in line may follow
    }
  }

  #enforceDeadline(): void {
    const seconds = this.#pod.spec.activeDeadlineSeconds;
    if (seconds === undefined || this.#terminal) return;
    const left = this.startedAt + seconds * 1000 - Date.now();
    if (left > 0) {
      this.wakeIn(left);
      return;
    }
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#node.events.normal(subjectOf(this.#pod), 'DeadlineExceeded', message);
    this.#verdict = { reason: 'DeadlineExceeded', message };
    this.#terminal = true;
    this.#containers.stopAll(this.#containers.graceMs());
  }

  async #terminate(): Promise<void> {
    this.#containers.stopAll(this.#containers.graceMs());
    if (this.running.size > 0) {
      this.#publish();
      return; // the last exit wakes us
    }
    if (this.#deleting) return;
    this.#deleting = true;
    if (!this.#removed) {
      this.#terminal = true;
      this.#publish();
      await this.#writer.flushed();
      await this.#deleteObject();
    }
    this.#closed = true;
    this.#node.network.release(this.address);
    this.directory.remove();
    this.#markFinished();
  }

  /** Tells the API server that the node is done with the pod; repeated until it knows. */
  async #deleteObject(): Promise<void> {
    const { name, namespace = '', uid } = this.#pod.metadata;
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } };
    while (!this.#isRemoved()) {
      try {
        await this.#node.client.delete(resources.pods, { namespace, name }, body);
        return;
      } catch (error) {
        if (isKubeError(error, 'NotFound', 'Conflict')) return; // gone, or another pod's name by now
        this.#node.logger.warn({ err: error, pod: name }, 'pod not deleted yet');
        await new Promise((resolve) => setTimeout(resolve, DELETE_RETRY_MS));
      }
    }
  }

  #isRemoved(): boolean {
    return this.#removed;
  }

  #publish(): void {
    const status = podStatus({
      pod: this.#pod,
      records: this.records,
      previousConditions: this.#conditions,
      hostIP: this.#node.hostIP,
      podIP: this.address.reported,
      startedAt: this.startedAt,
      terminal: this.#terminal,
      ...(this.#verdict === undefined ? {} : { verdict: this.#verdict }),
      now: Date.now(),
    });
    this.#conditions = status.conditions ?? [];
    this.#writer.submit(status);
  }
}
