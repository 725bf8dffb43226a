import { FINALIZER, KEYS } from '../api/constants.ts';
import type { KubeObject, ObjectMeta } from '../api/meta.ts';
import { isTerminal } from '../domain/outcome.ts';
import type { ObjectRef } from '../domain/target-ref.ts';
import type { Clock } from '../ports/clock.ts';
import type { ClusterReader } from '../ports/cluster.ts';
import type { ObjectWatch, ObjectWatchPort } from '../ports/object-watch.ts';
import type { ActionRecords } from '../ports/records.ts';
import type { Logger } from '../telemetry/logger.ts';
import { releaseJobsOf, type JobCluster } from './held-jobs.ts';
import { isBeingDeleted } from './ending-namespace.ts';
import { defaultTimings, type WatcherTimings } from './timings.ts';

export interface OrphanedJobsOptions {
  readonly watches: ObjectWatchPort;
  readonly actions: Pick<ActionRecords, 'read'>;
  readonly cluster: Pick<ClusterReader, 'get'> & JobCluster;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Only what differs from {@link defaultTimings}. */
  readonly timings?: Partial<Pick<WatcherTimings, 'redriveEveryMs' | 'releaseAfterMs'>>;
}

/** A Job that an action has made; `held` while it is being deleted and our finalizer keeps it. */
interface WatchedJob extends KubeObject {
  readonly metadata: Pick<ObjectMeta, 'name' | 'namespace' | 'uid' | 'resourceVersion'>;
  readonly held?: { readonly action: ObjectRef; readonly since: number };
}

/**
 * Lets go of deleted Jobs that no action will let go of any more: somebody has torn the action away from its finalizer
 * (then the garbage collector deletes the Job), or it has ended without managing to. The workflow of an action that was
 * torn away does that itself, if there is one; so it is given time, unless a namespace waits.
 */
export class OrphanedJobs {
  readonly #options: OrphanedJobsOptions;
  readonly #timings: Pick<WatcherTimings, 'redriveEveryMs' | 'releaseAfterMs'>;
  readonly #watch: ObjectWatch<WatchedJob>;
  #cancel = (): void => undefined;
  #round: Promise<void> | undefined;
  #stopped = false;

  constructor(options: OrphanedJobsOptions) {
    this.#options = options;
    this.#timings = { ...defaultTimings, ...options.timings };
    this.#watch = options.watches.watch<WatchedJob>({
      scope: { apiVersion: 'batch/v1', kind: 'Job', labelSelector: KEYS.actionUid },
      project: projectJob,
      onChange: async ({ type, object }) => {
        if (type !== 'deleted') await this.#consider(object);
      },
    });
  }

  start(): void {
    this.#watch.start();
    this.#lookLater();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await Promise.all([this.#watch.stop(), this.#round]);
  }

  /** Time passes, actions go and namespaces end without a word about the Job. */
  #lookLater(): void {
    if (this.#stopped) return;
    this.#cancel = this.#options.clock.after(this.#timings.redriveEveryMs, () => {
      this.#round = this.#look().finally(() => {
        this.#lookLater();
      });
    });
  }

  async #look(): Promise<void> {
    for (const job of this.#watch.values()) if (!this.#stopped) await this.#consider(job);
  }

  /** Never rejects: what failed is tried in the next round. */
  async #consider({ metadata: { namespace = '', name }, held }: WatchedJob): Promise<void> {
    if (held === undefined) return;
    const { cluster, logger } = this.#options;
    const { action, since } = held;
    try {
      const why = await this.#whyOrphaned(action, since);
      if (why === undefined) return;
      const jobs = await releaseJobsOf(cluster, action);
      if (jobs.length > 0) logger.warn({ namespace, jobs, action, why }, 'finalizer of orphaned Job removed');
    } catch (error) {
      logger.warn({ err: error, namespace, job: name, action }, 'orphaned Job not let go; tried again later');
    }
  }

  async #whyOrphaned(action: ObjectRef, since: number): Promise<string | undefined> {
    const { actions, cluster, clock } = this.#options;
    const found = await actions.read(action);
    if (found !== undefined) {
      const letGo = found.metadata.finalizers?.includes(FINALIZER) !== true;
      return letGo && isTerminal(found.status?.conditions) ? 'its action has ended' : undefined;
    }
    const waited = clock.now() - since;
    if (waited >= this.#timings.releaseAfterMs)
      return `its action is gone, and its deletion has waited for ${Math.floor(waited / 60_000)} minutes`;
    return (await isBeingDeleted(cluster, action.namespace))
      ? `its action is gone, and namespace ${action.namespace} is being deleted`
      : undefined;
  }
}

function projectJob({ metadata }: KubeObject): WatchedJob {
  const { name, namespace = '', uid, resourceVersion, deletionTimestamp, finalizers = [] } = metadata;
  return {
    metadata: { name, namespace, uid, resourceVersion },
    ...(deletionTimestamp !== undefined && finalizers.includes(FINALIZER)
      ? { held: { action: actionOf(metadata), since: Date.parse(deletionTimestamp) } }
      : {}),
  };
}

/** Whoever deletes an action with `--cascade=orphan` leaves its Job without an owner; the labels stay. */
function actionOf({ namespace = '', labels = {}, ownerReferences = [] }: ObjectMeta): ObjectRef {
  const uid = labels[KEYS.actionUid] ?? '';
  const owner = ownerReferences.find((reference) => reference.uid === uid);
  return { namespace, name: owner?.name ?? labels[KEYS.actionName] ?? '', uid };
}
