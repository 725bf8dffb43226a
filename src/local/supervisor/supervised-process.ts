import type { ChildProcess } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { logTail } from './log-tail.ts';
import { identify, type ProcessIdentity } from './process-identity.ts';
import { ProcessStartError, type ProcessSpec, type ProcessState, type SupervisorEvent } from './process-spec.ts';
import type { Reaper } from './reaper.ts';
import { spawnReaped } from './spawn-reaped.ts';

const POLL_MS = 50;
const PROBE_TIMEOUT_MS = 2000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
/** Who ran this long before dying is restarted without delay. */
const STABLE_MS = 10_000;

interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly identity: ProcessIdentity | undefined;
  readonly startedAtMs: number;
  /** Where this run's output begins in the log file. */
  readonly logStart: number;
  /** `exit 137`, when it has ended. */
  readonly ended: Promise<string>;
  exit: string | undefined;
}

/** One child process and its successors, until it is stopped. */
export class SupervisedProcess {
  readonly spec: ProcessSpec;
  readonly logFile: string;
  readonly #reaper: Reaper;
  readonly #announce: (event: SupervisorEvent) => void;
  readonly #stopping = new AbortController();
  #running: Running | undefined;
  #restarting: Promise<void> | undefined;
  #state: ProcessState = 'starting';
  #restarts = 0;

  constructor(spec: ProcessSpec, logFile: string, reaper: Reaper, announce: (event: SupervisorEvent) => void) {
    this.spec = spec;
    this.logFile = logFile;
    this.#reaper = reaper;
    this.#announce = announce;
  }

  get state(): ProcessState {
    return this.#state;
  }
  get pid(): number | undefined {
    return this.#running?.exit === undefined ? this.#running?.pid : undefined;
  }
  get identity(): ProcessIdentity | undefined {
    return this.#running?.exit === undefined ? this.#running?.identity : undefined;
  }
  get restarts(): number {
    return this.#restarts;
  }

  /** Resolves when ready. Throws {@link ProcessStartError} if it ends or is not ready in time; then nothing is left. */
  async start(): Promise<void> {
    try {
      const running = await this.#spawn();
      await this.#untilReady(running);
      this.#state = 'ready';
      void this.#watch(running);
    } catch (error) {
      this.#state = 'failed';
      throw error;
    }
  }

  /** Sends a signal to the process that runs now; false if none does. */
  kill(signal: NodeJS.Signals): boolean {
    return this.#running?.exit === undefined && this.#running?.child.kill(signal) === true;
  }

  /** Whether it does its work now, by its probe. */
  async probe(): Promise<boolean> {
    const running = this.#running;
    if (running?.exit !== undefined || running === undefined) return false;
    return this.spec.ready?.(running.pid, AbortSignal.timeout(PROBE_TIMEOUT_MS)).catch(() => false) ?? true;
  }

  /** Ends it for good: SIGTERM, then SIGKILL; with `force` SIGKILL at once. */
  async stop(force = false): Promise<void> {
    this.#stopping.abort();
    if (this.#state !== 'failed') this.#state = 'stopping';
    if (this.#running !== undefined) await this.#end(this.#running, force);
    await this.#restarting;
    if (this.#running !== undefined) await this.#end(this.#running, force);
    if (this.#state !== 'failed') this.#state = 'stopped';
  }

  async #spawn(): Promise<Running> {
    const { spec } = this;
    const log = openSync(this.logFile, 'a', 0o600);
    try {
      const logStart = fstatSync(log).size;
      const child = await spawnReaped(this.#reaper, spec.command, spec.args, {
        stdio: ['ignore', log, log],
        env: { ...process.env, ...spec.env },
        ...(spec.cwd === undefined ? {} : { cwd: spec.cwd }),
      });
      if (child.pid === undefined) throw new Error(`${spec.name}: the system gave the new process no pid`);
      const running: Running = {
        child,
        pid: child.pid,
        identity: identify(child.pid),
        startedAtMs: Date.now(),
        logStart,
        ended: exitOf(child),
        exit: undefined,
      };
      void running.ended.then((exit) => {
        running.exit = exit;
        killGroup(running.pid); // what it left behind
      });
      this.#running = running;
      return running;
    } finally {
      closeSync(log);
    }
  }

  async #untilReady(running: Running): Promise<void> {
    const { ready = async () => true, readyTimeoutMs = 60_000 } = this.spec;
    const deadline = AbortSignal.timeout(readyTimeoutMs);
    for (;;) {
      const signal = AbortSignal.any([deadline, AbortSignal.timeout(PROBE_TIMEOUT_MS), this.#stopping.signal]);
      const answer = await Promise.race([
        ready(running.pid, signal).catch(() => false),
        running.ended.then(() => false),
      ]);
      if (answer && !this.#stopping.signal.aborted) return;
      const problem = this.#problem(running, deadline);
      if (problem !== undefined) {
        await this.#end(running, true);
        throw new ProcessStartError(this.spec.name, problem, this.logFile, logTail(this.logFile, running.logStart));
      }
      await delay(POLL_MS);
    }
  }

  #problem(running: Running, deadline: AbortSignal): string | undefined {
    if (this.#stopping.signal.aborted) return 'was stopped before it was ready';
    if (running.exit !== undefined) return `ended before it was ready (${running.exit})`;
    if (deadline.aborted) return `was not ready within ${(this.spec.readyTimeoutMs ?? 60_000) / 1000} s`;
    return undefined;
  }

  async #watch(running: Running): Promise<void> {
    const exit = await running.ended;
    if (this.#stopping.signal.aborted) return;
    const { name, restart = true } = this.spec;
    const outcome = restart ? 'restarting' : 'not restarted';
    this.#state = restart ? 'restarting' : 'stopped';
    this.#announce({
      type: 'died',
      name,
      pid: running.pid,
      exit,
      willRestart: restart,
      message: `${name} died (${exit}), ${outcome}`,
    });
    if (restart) this.#restarting = this.#restart(exit, Date.now() - running.startedAtMs);
  }

  async #restart(exit: string, livedMs: number): Promise<void> {
    const diedAt = Date.now();
    let backoff = livedMs > STABLE_MS ? 0 : FIRST_BACKOFF_MS;
    for (;;) {
      await delay(backoff, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      try {
        const running = await this.#spawn();
        await this.#untilReady(running);
        this.#restarts++;
        this.#state = 'ready';
        const afterMs = Date.now() - diedAt;
        const message = `${this.spec.name} died (${exit}), restarted after ${(afterMs / 1000).toFixed(1)} s`;
        this.#announce({ type: 'restarted', name: this.spec.name, pid: running.pid, exit, afterMs, message });
        void this.#watch(running);
        return;
      } catch {
        // Its log tells why; a server that cannot start now (a port, a peer) may well start later.
        backoff = Math.min(Math.max(backoff * 2, FIRST_BACKOFF_MS), MAX_BACKOFF_MS);
      }
    }
  }

  async #end(running: Running, force: boolean): Promise<void> {
    if (running.exit !== undefined) return;
    if (!force) {
      running.child.kill('SIGTERM');
      running.child.kill('SIGCONT'); // a stopped process would not see it
      const timeout = new AbortController();
      await Promise.race([
        running.ended,
        delay(this.spec.stopTimeoutMs ?? 5000, undefined, { signal: timeout.signal }).catch(() => undefined),
      ]);
      timeout.abort();
    }
    killGroup(running.pid);
    await running.ended;
  }
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
      resolve(`exit ${signal === null ? (code ?? 1) : 128 + constants.signals[signal]}`);
    };
    if (child.exitCode !== null || child.signalCode !== null) ended(child.exitCode, child.signalCode);
    else child.once('exit', ended);
  });
}

/** The leader and all members of the group that it leads. */
function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // none left
  }
}
