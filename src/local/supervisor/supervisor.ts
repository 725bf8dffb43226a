import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessSpec, ProcessStatus, SupervisorEvent } from './process-spec.ts';
import { Reaper } from './reaper.ts';
import { SupervisedProcess } from './supervised-process.ts';

const MAX_LOG_BYTES = 32 * 1024 * 1024;

export interface SupervisorOptions {
  /** Holds one `<name>.log` per process. */
  readonly logDirectory: string;
  /** Deaths and restarts that nobody asked for. */
  readonly onEvent?: (event: SupervisorEvent) => void;
}

/**
 * Keeps child processes running: each in its own session with its own log file, restarted when it dies, and ended when
 * this process ends in whatever way.
 */
export class Supervisor {
  readonly reaper = new Reaper();
  readonly #options: SupervisorOptions;
  readonly #processes = new Map<string, SupervisedProcess>();
  #closed = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    mkdirSync(options.logDirectory, { recursive: true });
  }

  /** Starts a process and waits until it is ready. Throws ProcessStartError; then the process is gone. */
  async start(spec: ProcessSpec): Promise<SupervisedProcess> {
    if (this.#closed) throw new Error(`${spec.name} cannot be started: everything is being stopped`);
    const former = this.#processes.get(spec.name);
    if (former !== undefined && former.state !== 'stopped' && former.state !== 'failed')
      throw new Error(`a process named ${spec.name} runs already (pid ${former.pid ?? '?'}): stop it first`);
    const logFile = join(this.#options.logDirectory, `${spec.name}.log`);
    rotate(logFile);
    const process = new SupervisedProcess(spec, logFile, this.reaper, (event) => {
      this.#options.onEvent?.(event);
    });
    this.#processes.set(spec.name, process);
    await process.start();
    return process;
  }

  get(name: string): SupervisedProcess {
    const process = this.#processes.get(name);
    if (process === undefined)
      throw new Error(`no process named ${name}: there are ${[...this.#processes.keys()].join(', ') || 'none'}`);
    return process;
  }

  /** Sends a signal to the process that runs under a name; false if none does. */
  kill(name: string, signal: NodeJS.Signals): boolean {
    return this.get(name).kill(signal);
  }

  /** Ends one process for good. */
  async stop(name: string): Promise<void> {
    await this.get(name).stop();
  }

  /** Ends all, the last started first. With `force` all at once by SIGKILL (for data that nobody needs any more). */
  async stopAll(options: { readonly force?: boolean } = {}): Promise<void> {
    this.#closed = true;
    const processes = [...this.#processes.values()].reverse();
    if (options.force === true) await Promise.all(processes.map((process) => process.stop(true)));
    else for (const process of processes) await process.stop();
    this.reaper.close();
  }

  status(): ProcessStatus[] {
    return [...this.#processes.values()].map(({ spec, state, identity, restarts, logFile }) => ({
      name: spec.name,
      state,
      restarts,
      logFile,
      ...(identity === undefined ? {} : { process: identity }),
    }));
  }
}

function rotate(logFile: string): void {
  try {
    if (statSync(logFile).size > MAX_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
  } catch {
    // no log yet
  }
}
