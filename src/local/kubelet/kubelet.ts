import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { KubeObject } from '../../api/meta.ts';
import type { ObjectChange, ObjectWatch, ObjectWatchPort } from '../../ports/object-watch.ts';
import { isAlive } from '../supervisor/process-identity.ts';
import type { NodeContext } from './node-context.ts';
import { checkpointsIn } from './pod-directory.ts';
import { PodWorker } from './pod-worker.ts';
import type { Pod } from './pod.ts';

const SHUTDOWN_GRACE_MS = 2000;

/** The pods of one node: watches which belong here, and gives each its worker. */
export class Kubelet {
  readonly #context: NodeContext;
  readonly #workers = new Map<string, PodWorker>();
  /** Pods that this node is done with, and whose objects others still hold by a finalizer. */
  readonly #done = new Set<string>();
  readonly #watch: ObjectWatch<Pod>;
  #stopped = false;

  constructor(context: NodeContext, watches: ObjectWatchPort) {
    this.#context = context;
    this.#watch = watches.watch<Pod>({
      scope: { apiVersion: 'v1', kind: 'Pod', fieldSelector: `spec.nodeName=${context.nodeName}` },
      project: withoutManagedFields,
      onChange: (change) => {
        this.#onChange(change);
      },
      onSynced: () => {
        this.#dropOrphanedDirectories();
      },
    });
  }

  /** Resolves when every pod of this node was seen once. */
  async start(): Promise<void> {
    mkdirSync(this.#context.podsRoot, { recursive: true });
    this.#endStaleProcesses();
    this.#watch.start();
    await this.#watch.ready;
  }

  /** Ends all processes. The pods' objects stay as they are, as when a node goes down. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watch.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.shutdown(SHUTDOWN_GRACE_MS)));
  }

  get synced(): boolean {
    return this.#watch.synced;
  }

  workers(): IterableIterator<PodWorker> {
    return this.#workers.values();
  }

  /** The pod of that name that is not being replaced, if there are two. */
  find(namespace: string, name: string): PodWorker | undefined {
    const named = [...this.#workers.values()].filter(
      ({ pod }) => pod.metadata.namespace === namespace && pod.metadata.name === name,
    );
    return named.find(({ pod }) => pod.metadata.deletionTimestamp === undefined) ?? named.at(-1);
  }

  #onChange(change: ObjectChange<Pod>): void {
    if (this.#stopped) return;
    const pod = change.object;
    const { uid } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (change.type === 'deleted') {
      this.#done.delete(uid);
      worker?.remove();
      return;
    }
    if (this.#done.has(uid)) return;
    if (worker !== undefined) {
      worker.update(pod);
      return;
    }
    const created = new PodWorker(this.#context, pod);
    this.#workers.set(uid, created);
    void created.finished.then(() => {
      this.#workers.delete(uid);
      if (this.#watch.byUid(uid) !== undefined) this.#done.add(uid);
    });
  }

  /** Normally they ended with the node's last process; never take one over, never let one run beside its successor. */
  #endStaleProcesses(): void {
    for (const checkpoint of checkpointsIn(this.#context.podsRoot).values())
      for (const identity of Object.values(checkpoint?.processes ?? {})) {
        if (!isAlive(identity)) continue;
        this.#context.logger.warn({ pid: identity.pid }, 'ending a process of the previous run');
        try {
          process.kill(-identity.pid, 'SIGKILL');
        } catch {
          // ended meanwhile
        }
      }
  }

  #dropOrphanedDirectories(): void {
    for (const uid of checkpointsIn(this.#context.podsRoot).keys())
      if (!this.#workers.has(uid) && this.#watch.byUid(uid) === undefined)
        rmSync(join(this.#context.podsRoot, uid), { recursive: true, force: true });
  }
}

/** Drops the largest part of a pod that nobody here reads. */
function withoutManagedFields(raw: KubeObject): Pod {
  const { managedFields: _, ...metadata } = raw.metadata as KubeObject['metadata'] & { managedFields?: unknown };
  return { ...raw, metadata } as Pod;
}
