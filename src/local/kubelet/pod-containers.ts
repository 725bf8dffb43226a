import { goDuration } from './backoff.ts';
import { newRecord, type ContainerRecord, type Instance } from './container-record.ts';
import {
  newContainerId,
  startContainer,
  subjectOf,
  type StartedContainer,
  type StartFailure,
} from './container-starter.ts';
import type { NodeContext } from './node-context.ts';
import type { PodDirectory } from './pod-directory.ts';
import type { PodAddress } from './pod-network.ts';
import { allContainers, isSidecar, podLabel, restartPolicyOf, rfc3339, type Container, type Pod } from './pod.ts';
import type { ProbeKind, Verdict } from './probe-state.ts';
import { parseQuantity } from './quantity.ts';
import { RunningContainer } from './running-container.ts';

const DEFAULT_GRACE_SECONDS = 30;
const OOM_EXIT_CODE = 137;

/** The pod that the containers belong to, as its worker sees it now. */
export interface ContainerHost {
  readonly pod: Pod;
  readonly directory: PodDirectory;
  readonly address: PodAddress;
  readonly startedAt: number;
  /** Something changed: look again. */
  wake(): void;
  /** Look again after so many milliseconds. */
  wakeIn(ms: number): void;
}

export type StartOutcome = 'started' | 'failed' | 'put off';

/** The containers of one pod: starts and stops them, follows their probes, and keeps the record of how each fared. */
export class PodContainers {
  readonly records: Map<string, ContainerRecord>;
  readonly running = new Map<string, RunningContainer>();
  readonly #node: NodeContext;
  readonly #host: ContainerHost;
  /** Restarts that were put off since the last sync began, with what status will say about them. */
  readonly #putOff = new Map<ContainerRecord, ContainerRecord['failure']>();
  #closed = false;

  constructor(node: NodeContext, host: ContainerHost, records: Map<string, ContainerRecord>) {
    this.#node = node;
    this.#host = host;
    this.records = records;
  }

  /** What was put off in the last sync shows from this one on: until then, as on a real node, the crash shows itself. */
  beginSync(): void {
    for (const [record, failure] of this.#putOff)
      if (record.current?.state === 'exited' && failure !== undefined) record.failure = failure;
    this.#putOff.clear();
  }

  /** Starts a container unless its back-off forbids it; after a failure, too, the next look is planned. */
  async start(container: Container): Promise<StartOutcome> {
    const record = this.#record(container);
    if (this.#mustWait(container, record)) return 'put off';
    const restartCount = record.restartCount + (record.current === undefined ? 0 : 1);
    const { pod, address, directory } = this.#host;
    const outcome = await startContainer(this.#node, { pod, container, restartCount, address, directory });
    if ('reason' in outcome) this.#noteFailure(record, restartCount, outcome);
    else this.#adopt(container, record, restartCount, outcome);
    this.#save();
    return 'reason' in outcome ? 'failed' : 'started';
  }

  /** Ends a running container gracefully; a later call can only shorten its time. */
  stop(container: Container, graceMs: number, message = `Stopping container ${container.name}`): void {
    if (this.running.get(container.name)?.stop(graceMs) === true)
      this.#node.events.normal(subjectOf(this.#host.pod, container), 'Killing', message);
  }

  stopAll(graceMs: number): void {
    for (const container of allContainers(this.#host.pod)) this.stop(container, graceMs);
  }

  /** What the pod's spec allows in place: a new image restarts its container, a new memory limit holds at once. */
  applySpecChanges(): void {
    for (const container of allContainers(this.#host.pod)) {
      const live = this.running.get(container.name);
      if (live === undefined || live.stopping) continue;
      if (live.container.image !== container.image)
        this.stop(container, this.graceMs(), `Container ${container.name} definition changed, will be restarted`);
      else this.#limitMemory(container, live);
    }
  }

  /** Ends everything without a word: the node itself stops. */
  async shutdown(graceMs: number): Promise<void> {
    this.#closed = true;
    await Promise.all(
      [...this.running.values()].map((live) => {
        live.stop(graceMs);
        return live.exited;
      }),
    );
  }

  /** Time that a container of this pod has between SIGTERM and SIGKILL. */
  graceMs(): number {
    const { metadata, spec } = this.#host.pod;
    return 1000 * (metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_GRACE_SECONDS);
  }

  /** Whether the restart back-off forbids a start now; if so, the next look is planned. */
  #mustWait(container: Container, record: ContainerRecord): boolean {
    const { current } = record;
    if (current?.state !== 'exited') return false;
    const { restartBackoff, backoffBaseMs, events } = this.#node;
    const { pod } = this.#host;
    const key = `${pod.metadata.uid}/${container.name}/${container.image}`;
    const now = Date.now();
    const left = restartBackoff.remainingMs(key, current.finishedAt, now);
    if (left === 0) {
      restartBackoff.next(key, current.finishedAt, now);
      return false;
    }
    const label = podLabel(pod);
    const told = `Back-off restarting failed container ${container.name} in pod ${label}`;
    events.warning(subjectOf(pod, container), 'BackOff', told);
    const delay = goDuration(restartBackoff.delayMs(key));
    const message = `back-off ${delay} restarting failed container=${container.name} pod=${label}`;
    this.#putOff.set(record, { reason: 'CrashLoopBackOff', message });
    this.#host.wakeIn(jitter(Math.min(left, backoffBaseMs)));
    return true;
  }

  #noteFailure(record: ContainerRecord, restartCount: number, failure: StartFailure): void {
    const { reason, message, exitCode, retryAt } = failure;
    record.failure = { reason, message };
    if (exitCode !== undefined) {
      const containerID = newContainerId();
      const now = Date.now();
      const times = { startedAt: rfc3339(0), finishedAt: rfc3339(now) };
      const terminated = { exitCode, reason: 'StartError', message, ...times, containerID };
      replaceInstance(record, restartCount, {
        state: 'exited',
        id: containerID,
        startedAt: 0,
        finishedAt: now,
        terminated,
      });
    }
    const { backoffBaseMs } = this.#node;
    this.#host.wakeIn(jitter(retryAt === undefined ? backoffBaseMs : Math.min(retryAt - Date.now(), backoffBaseMs)));
  }

  #adopt(container: Container, record: ContainerRecord, restartCount: number, started: StartedContainer): void {
    const { id, process, run } = started;
    const { events, programs, reaper, memoryGuard } = this.#node;
    delete record.failure;
    replaceInstance(record, restartCount, { state: 'running', id, startedAt: Date.now() });
    record.started = container.startupProbe === undefined;
    record.ready = container.readinessProbe === undefined && record.started;
    const live = new RunningContainer({
      container,
      address: this.#host.address,
      process,
      run,
      programs,
      reaper,
      probes: {
        onFailure: (kind, output) => {
          const subject = subjectOf(this.#host.pod, container);
          events.warning(subject, 'Unhealthy', `${title(kind)} probe failed: ${output}`);
        },
        onVerdict: (kind, verdict) => {
          this.#onProbe(container, kind, verdict);
        },
      },
    });
    this.running.set(container.name, live);
    void live.exited.then(({ exitCode }) => {
      memoryGuard.release(process.identity.pid);
      this.running.delete(container.name);
      this.#onExit(record, id, exitCode, live.oomKilled);
    });
    this.#limitMemory(container, live);
    if (this.#closed) live.stop(0); // the node was stopped while this was being started
  }

  #limitMemory(container: Container, live: RunningContainer): void {
    const { memoryGuard } = this.#node;
    const { pid } = live.process.identity;
    const limit = container.resources?.limits?.['memory'];
    if (limit === undefined) memoryGuard.release(pid);
    else
      memoryGuard.guard(pid, parseQuantity(limit), (rss) => {
        live.killForMemory();
        this.#reportOomKill(pid, rss);
      });
  }

  #onExit(record: ContainerRecord, id: string, exitCode: number, oomKilled: boolean): void {
    if (record.current?.id !== id || this.#closed) return;
    const { startedAt } = record.current;
    const now = Date.now();
    const reason = oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
    const times = { startedAt: rfc3339(startedAt), finishedAt: rfc3339(now) };
    const terminated = { exitCode: oomKilled ? OOM_EXIT_CODE : exitCode, reason, ...times, containerID: id };
    record.current = { state: 'exited', id, startedAt, finishedAt: now, terminated };
    record.started = false;
    record.ready = false;
    this.#save();
    this.#host.wake();
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
    } else if (ok) return;
    else {
      const restarts = isSidecar(container) || restartPolicyOf(this.#host.pod) !== 'Never';
      const probe = kind === 'liveness' ? container.livenessProbe : container.startupProbe;
      const graceMs = (probe?.terminationGracePeriodSeconds ?? Number.NaN) * 1000;
      const message = `Container ${container.name} failed ${kind} probe${restarts ? ', will be restarted' : ''}`;
      this.stop(container, Number.isNaN(graceMs) ? this.graceMs() : graceMs, message);
      return;
    }
    this.#host.wake();
  }

  #reportOomKill(pid: number, rssBytes: number): void {
    const { events, nodeName } = this.#node;
    const node = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: nodeName };
    const text = `Memory cgroup out of memory: Killed process ${pid} (node), rss:${Math.round(rssBytes / 1024)}kB`;
    events.warning(node, 'OOMKilling', text, 'kernel-monitor');
  }

  #record(container: Container): ContainerRecord {
    const known = this.records.get(container.name);
    if (known !== undefined) return known;
    const record = newRecord();
    this.records.set(container.name, record);
    return record;
  }

  #save(): void {
    const { directory, address, startedAt, pod } = this.#host;
    const processes = [...this.running].map(([name, { process }]) => [name, process.identity] as const);
    try {
      directory.save({
        address: address.reported,
        startedAt,
        containers: Object.fromEntries(this.records),
        processes: Object.fromEntries(processes),
      });
    } catch (error) {
      // It is only read after a restart of the node, which can do without.
      this.#node.logger.error({ err: error, pod: pod.metadata.name }, 'pod checkpoint not written');
    }
  }
}

function replaceInstance(record: ContainerRecord, restartCount: number, instance: Instance): void {
  if (record.current?.state === 'exited') record.previous = record.current.terminated;
  record.current = instance;
  record.restartCount = restartCount;
  record.started = false;
  record.ready = false;
}

/** As a kubelet spreads its retries: up to half as long again. */
const jitter = (ms: number): number => Math.max(0, ms) * (1 + Math.random() / 2);

const title = (kind: ProbeKind): string => kind.charAt(0).toUpperCase() + kind.slice(1);
