import { resources } from '../../adapters/kubernetes/resource.ts';
import { isKubeError } from '../../adapters/kubernetes/kube-error.ts';
import { goDuration } from './backoff.ts';
import { newRecord, type ContainerRecord, type Instance } from './container-record.ts';
import {
  newContainerId,
  startContainer,
  subjectOf,
  type StartedContainer,
  type StartFailure,
} from './container-starter.ts';
import type { ProcessExit } from './container-process.ts';
import type { NodeContext } from './node-context.ts';
import { PodDirectory } from './pod-directory.ts';
import type { PodAddress } from './pod-network.ts';
import { planPod } from './pod-plan.ts';
import { podStatus } from './pod-status.ts';
import {
  allContainers,
  isSidecar,
  podLabel,
  restartPolicyOf,
  rfc3339,
  type Container,
  type Pod,
  type PodCondition,
} from './pod.ts';
import { restoreRecords } from './restore.ts';
import type { ProbeKind, Verdict } from './probe-state.ts';
import { parseQuantity } from './quantity.ts';
import { RunningContainer } from './running-container.ts';
import { StatusWriter } from './status-writer.ts';

const DELETE_RETRY_MS = 1000;
const DEFAULT_GRACE_SECONDS = 30;

/**
 * One pod on this node, from the moment it is seen to the moment its object is gone. Level-based: every change only wakes
 * {@link sync}, which looks at the pod as it should be and the processes as they are.
 */
export class PodWorker {
  readonly uid: string;
  readonly records: Map<string, ContainerRecord>;
  readonly running = new Map<string, RunningContainer>();
  readonly directory: PodDirectory;
  readonly #node: NodeContext;
  readonly #writer: StatusWriter;
  readonly #address: PodAddress;
  readonly #startedAt: number;
  readonly #finished: Promise<void>;
  #pod: Pod;
  #conditions: readonly PodCondition[];
  #terminal: boolean;
  #verdict: { readonly reason: string; readonly message: string } | undefined;
  #removed = false;
  #deleting = false;
  #wake: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  #syncing = false;
  #syncAgain = false;
  #closed = false;
  #finish: () => void = () => undefined;

  constructor(node: NodeContext, pod: Pod) {
    this.#node = node;
    this.#pod = pod;
    this.uid = pod.metadata.uid;
    this.directory = new PodDirectory(node.podsRoot, this.uid);
    const checkpoint = this.directory.load();
    this.records = restoreRecords(pod, checkpoint, Date.now());
    this.#startedAt = checkpoint?.startedAt ?? (Date.parse(pod.status?.startTime ?? '') || Date.now());
    this.#address = node.network.allocate(checkpoint?.address ?? pod.status?.podIP);
    this.#conditions = pod.status?.conditions ?? [];
    this.#terminal = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    if (this.#terminal && pod.status?.reason !== undefined)
      this.#verdict = { reason: pod.status.reason, message: pod.status.message ?? '' };
    this.#writer = new StatusWriter(node.client, node.logger, pod);
    this.#finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.wake();
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** Resolves when the pod's processes have ended, its object is gone, and nothing of it is left on disk. */
  get finished(): Promise<void> {
    return this.#finished;
  }

  /** The pod as the API server has it now. */
  update(pod: Pod): void {
    const before = this.#pod;
    this.#pod = pod;
    const { generation, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
    const changed =
      generation !== before.metadata.generation ||
      deletionTimestamp !== before.metadata.deletionTimestamp ||
      deletionGracePeriodSeconds !== before.metadata.deletionGracePeriodSeconds ||
      pod.spec.readinessGates !== undefined;
    if (changed) this.wake();
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
    await Promise.all(
      [...this.running.values()].map((container) => {
        container.stop(graceMs);
        return container.exited;
      }),
    );
  }

  wake(): void {
    if (this.#syncing) this.#syncAgain = true;
    else void this.#syncLoop();
  }

  async #syncLoop(): Promise<void> {
    this.#syncing = true;
    try {
      do await this.#sync();
      while (this.#takeSyncAgain());
    } catch (error) {
      this.#node.logger.error({ err: error, pod: this.#pod.metadata.name }, 'pod sync failed; trying again');
      this.#wakeIn(this.#node.backoffBaseMs);
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
    if (this.#removed || this.#pod.metadata.deletionTimestamp !== undefined) {
      await this.#terminate();
      return;
    }
    this.#enforceDeadline();
    const plan = planPod(this.#pod, this.records);
    if (plan.finished && this.running.size === 0) this.#terminal = true;
    this.#publish();
    if (this.#terminal) return;
    for (const container of plan.stop) this.#stop(container, this.#graceMs());
    for (const container of plan.start) if (await this.#start(container)) this.#publish();
  }

  // --- start -----------------------------------------------------------------------------------------------------

  /** Starts a container unless it has to wait; whether the status may have changed in a way that shows at once. */
  async #start(container: Container): Promise<boolean> {
    const record = this.#record(container);
    if (this.#putOff(container, record)) return false;
    const again = record.current !== undefined;
    const restartCount = record.restartCount + (again ? 1 : 0);
    const outcome = await startContainer(this.#node, {
      pod: this.#pod,
      container,
      restartCount,
      address: this.#address,
      directory: this.directory,
    });
    if ('reason' in outcome) this.#noteFailure(container, record, restartCount, outcome);
    else this.#adopt(container, record, restartCount, outcome);
    this.#save();
    return true;
  }

  /** Whether the restart back-off forbids a start now; if so, the next look is planned. */
  #putOff(container: Container, record: ContainerRecord): boolean {
    const { current } = record;
    if (current?.state !== 'exited') return false;
    const { restartBackoff, backoffBaseMs, events } = this.#node;
    const key = `${this.uid}/${container.name}/${container.image}`;
    const now = Date.now();
    const left = restartBackoff.remainingMs(key, current.finishedAt, now);
    if (left === 0) {
      restartBackoff.next(key, current.finishedAt, now);
      return false;
    }
    const label = podLabel(this.#pod);
    events.warning(
      subjectOf(this.#pod, container),
      'BackOff',
      `Back-off restarting failed container ${container.name} in pod ${label}`,
    );
    // Not shown until the next sync: a real node, too, reports the crash as `terminated` for a while.
    record.failure = {
      reason: 'CrashLoopBackOff',
      message: `back-off ${goDuration(restartBackoff.delayMs(key))} restarting failed container=${container.name} pod=${label}`,
    };
    this.#wakeIn(jitter(Math.min(left, backoffBaseMs)));
    return true;
  }

  #noteFailure(container: Container, record: ContainerRecord, restartCount: number, failure: StartFailure): void {
    const { reason, message, exitCode, retryAt } = failure;
    record.failure = { reason, message };
    if (exitCode !== undefined) {
      const id = newContainerId();
      const now = Date.now();
      const terminated = {
        exitCode,
        reason: 'StartError',
        message,
        startedAt: rfc3339(0),
        finishedAt: rfc3339(now),
        containerID: id,
      };
      this.#replaceInstance(record, restartCount, { state: 'exited', id, startedAt: 0, finishedAt: now, terminated });
    }
    const { backoffBaseMs } = this.#node;
    this.#wakeIn(retryAt === undefined ? jitter(backoffBaseMs) : jitter(Math.min(retryAt - Date.now(), backoffBaseMs)));
  }

  #adopt(container: Container, record: ContainerRecord, restartCount: number, started: StartedContainer): void {
    const { id, process, run } = started;
    delete record.failure;
    this.#replaceInstance(record, restartCount, { state: 'running', id, startedAt: Date.now() });
    record.started = container.startupProbe === undefined;
    record.ready = container.readinessProbe === undefined && record.started;
    const live = new RunningContainer({
      container,
      address: this.#address,
      process,
      run,
      programs: this.#node.programs,
      reaper: this.#node.reaper,
      probes: {
        onFailure: (kind, output) => {
          this.#node.events.warning(
            subjectOf(this.#pod, container),
            'Unhealthy',
            `${title(kind)} probe failed: ${output}`,
          );
        },
        onVerdict: (kind, verdict) => {
          this.#onProbe(container, kind, verdict);
        },
      },
    });
    this.running.set(container.name, live);
    const pid = process.identity.pid;
    let oomKilled = false;
    const limit = container.resources?.limits?.['memory'];
    if (limit !== undefined)
      this.#node.memoryGuard.guard(pid, parseQuantity(limit), (rss) => {
        oomKilled = true;
        process.signal('SIGKILL');
        this.#reportOomKill(pid, rss);
      });
    void live.exited.then((exit) => {
      this.#node.memoryGuard.release(pid);
      this.running.delete(container.name);
      this.#onExit(record, id, exit, oomKilled);
    });
    // Deleted while it was being started: the next sync must see it.
    if (this.#closed) live.stop(0);
  }

  #replaceInstance(record: ContainerRecord, restartCount: number, instance: Instance): void {
    if (record.current?.state === 'exited') record.previous = record.current.terminated;
    record.current = instance;
    record.restartCount = restartCount;
    record.started = false;
    record.ready = false;
  }

  // --- what happens to running containers -------------------------------------------------------------------------

  #onExit(record: ContainerRecord, id: string, { exitCode }: ProcessExit, oomKilled: boolean): void {
    if (record.current?.id !== id) return;
    const { startedAt } = record.current;
    const now = Date.now();
    record.current = {
      state: 'exited',
      id,
      startedAt,
      finishedAt: now,
      terminated: {
        exitCode: oomKilled ? 137 : exitCode,
        reason: oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error',
        startedAt: rfc3339(startedAt),
        finishedAt: rfc3339(now),
        containerID: id,
      },
    };
    record.started = false;
    record.ready = false;
    if (this.#closed) return;
    this.#save();
    this.wake();
  }

  #onProbe(container: Container, kind: ProbeKind, verdict: Verdict): void {
    const record = this.#record(container);
    const ok = verdict === 'success';
    if (kind === 'startup' && ok) {
      record.started = true;
      record.ready = container.readinessProbe === undefined;
    } else if (kind === 'readiness') {
      if (record.ready === ok) return;
      record.ready = ok;
    } else if (!ok) {
      const restarts = isSidecar(container) || restartPolicyOf(this.#pod) !== 'Never';
      const what = `Container ${container.name} failed ${kind} probe${restarts ? ', will be restarted' : ''}`;
      const grace = (kind === 'liveness' ? container.livenessProbe : container.startupProbe)
        ?.terminationGracePeriodSeconds;
      this.#stop(container, grace === undefined ? this.#graceMs() : grace * 1000, what);
      return;
    } else return;
    this.wake();
  }

  #reportOomKill(pid: number, rssBytes: number): void {
    const { events, nodeName } = this.#node;
    const node = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName };
    const text = `Memory cgroup out of memory: Killed process ${pid} (node), rss:${Math.round(rssBytes / 1024)}kB`;
    events.warning(node, 'OOMKilling', text, 'kernel-monitor');
  }

  #enforceDeadline(): void {
    const seconds = this.#pod.spec.activeDeadlineSeconds;
    if (seconds === undefined || this.#terminal) return;
    const left = this.#startedAt + seconds * 1000 - Date.now();
    if (left > 0) {
      this.#wakeIn(left);
      return;
    }
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#node.events.warning(subjectOf(this.#pod), 'DeadlineExceeded', message);
    this.#verdict = { reason: 'DeadlineExceeded', message };
    this.#terminal = true;
    for (const container of allContainers(this.#pod)) this.#stop(container, this.#graceMs());
  }

  // --- end ---------------------------------------------------------------------------------------------------------

  async #terminate(): Promise<void> {
    const grace = this.#graceMs();
    for (const container of allContainers(this.#pod)) this.#stop(container, grace);
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
    this.#node.network.release(this.#address);
    this.directory.remove();
    this.#finish();
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

  #stop(container: Container, graceMs: number, message = `Stopping container ${container.name}`): void {
    if (this.running.get(container.name)?.stop(graceMs) === true)
      this.#node.events.normal(subjectOf(this.#pod, container), 'Killing', message);
  }

  #graceMs(): number {
    const { metadata, spec } = this.#pod;
    return 1000 * (metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS);
  }

  // --- state -------------------------------------------------------------------------------------------------------

  #record(container: Container): ContainerRecord {
    const known = this.records.get(container.name);
    if (known !== undefined) return known;
    const record = newRecord();
    this.records.set(container.name, record);
    return record;
  }

  #publish(): void {
    const status = podStatus({
      pod: this.#pod,
      records: this.records,
      previousConditions: this.#conditions,
      hostIP: this.#node.hostIP,
      podIP: this.#address.reported,
      startedAt: this.#startedAt,
      terminal: this.#terminal,
      ...(this.#verdict === undefined ? {} : { verdict: this.#verdict }),
      now: Date.now(),
    });
    this.#conditions = status.conditions ?? [];
    this.#writer.submit(status);
  }

  #save(): void {
    this.directory.save({
      address: this.#address.reported,
      startedAt: this.#startedAt,
      containers: Object.fromEntries(this.records),
      processes: Object.fromEntries([...this.running].map(([name, { process }]) => [name, process.identity])),
    });
  }

  /** Plans the next sync; of several plans the earliest wins. */
  #wakeIn(ms: number): void {
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
}

/** As a kubelet spreads its retries: up to half as long again. */
const jitter = (ms: number): number => Math.max(0, ms) * (1 + Math.random() / 2);

const title = (kind: ProbeKind): string => kind.charAt(0).toUpperCase() + kind.slice(1);
