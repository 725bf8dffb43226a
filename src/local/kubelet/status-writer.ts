import type { KubeClient } from '../../adapters/kubernetes/kube-client.ts';
import { isKubeError } from '../../adapters/kubernetes/kube-error.ts';
import { resources } from '../../adapters/kubernetes/resource.ts';
import { isNewer } from '../../adapters/kubernetes/resource-version.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Pod, PodStatus } from './pod.ts';
import { hasDrifted } from './status-drift.ts';

const RETRY_MS = [200, 500, 1000, 2000, 3000] as const;

/**
 * Brings the latest status of one pod to the API server: only when it changed, one write at a time, repeated until it is
 * written, and never onto another pod of the same name (the patch carries the uid).
 */
export class StatusWriter {
  readonly #client: KubeClient;
  readonly #logger: Logger;
  readonly #pod: Pod;
  #wanted: PodStatus | undefined;
  #written = '';
  #writtenVersion = '0';
  #writing: Promise<void> | undefined;
  #gone = false;

  constructor(client: KubeClient, logger: Logger, pod: Pod) {
    this.#client = client;
    this.#logger = logger;
    this.#pod = pod;
  }

  submit(status: PodStatus): void {
    this.#wanted = status;
    this.#writing ??= this.#drain();
  }

  /** Looks at the pod as the API server has it, and writes again what somebody else wrote over. */
  repair(pod: Pod): void {
    const wanted = this.#wanted;
    if (wanted === undefined || this.#writing !== undefined || this.#gone) return;
    // An older state than our last write shows what that write changed, not what came after it.
    if (!isNewer(pod.metadata.resourceVersion, this.#writtenVersion)) return;
    if (!hasDrifted(wanted, pod.status)) return;
    this.#logger.warn({ pod: pod.metadata.name }, 'somebody else wrote the status of this pod; writing it again');
    this.#written = '';
    this.submit(wanted);
  }

  /** Resolves when the latest status is written, or its pod is gone. */
  async flushed(): Promise<void> {
    await this.#writing;
  }

  /** The pod no longer exists: nothing is to be written any more. */
  abandon(): void {
    this.#gone = true;
  }

  async #drain(): Promise<void> {
    await Promise.resolve(); // so that #writing is set before it is cleared
    try {
      await this.#writeLatest();
    } finally {
      this.#writing = undefined; // in the same step as the last look at #wanted: no submission falls between
    }
  }

  async #writeLatest(): Promise<void> {
    for (let failures = 0; !this.#gone && this.#wanted !== undefined;) {
      const status = this.#wanted;
      const text = JSON.stringify(status);
      if (text === this.#written) return;
      try {
        await this.#write(status);
        this.#written = text;
        failures = 0;
        if (this.#wanted === status) return;
      } catch (error) {
        if (isKubeError(error, 'NotFound') || (isKubeError(error, 'Conflict') && (await this.#isReplaced()))) {
          this.#gone = true;
          return;
        }
        if (isKubeError(error) && error.status === 422) {
          this.#logger.error({ err: error, pod: this.#pod.metadata.name, status }, 'status refused');
          this.#written = text;
          return;
        }
        this.#logger.warn({ err: error, pod: this.#pod.metadata.name }, 'status not written yet');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]));
      }
    }
  }

  /** Whether the name belongs to another pod by now. */
  async #isReplaced(): Promise<boolean> {
    const { name, namespace = '', uid } = this.#pod.metadata;
    try {
      const found = await this.#client.find<Pod>(resources.pods, { namespace, name });
      return found?.metadata.uid !== uid;
    } catch {
      return false; // the next try tells
    }
  }

  async #write(status: PodStatus): Promise<void> {
    const { name, namespace = '', uid } = this.#pod.metadata;
    const at = { namespace, name, subresource: 'status' };
    // A strategic merge would keep the address that the pod had before a restart of the node beside the new one.
    const podIPs = [{ $patch: 'replace' }, ...(status.podIPs ?? [])];
    const body = { metadata: { uid }, status: { ...status, podIPs } };
    const options = { fieldManager: 'kubelet' };
    const written = await this.#client.patch<Pod>(resources.pods, at, 'strategic', body, options);
    this.#writtenVersion = written.metadata.resourceVersion;
  }
}
