import type { Reaper } from '../supervisor/reaper.ts';
import { runToEnd, type ContainerProcess, type ProcessExit, type ProgramRun } from './container-process.ts';
import { performCheck, type ExecInContainer } from './probe-checks.ts';
import type { PodAddress } from './pod-network.ts';
import type { Container } from './pod.ts';
import { Prober, type ProberCallbacks } from './prober.ts';
import type { ProgramCatalogue } from './programs.ts';

const EXECUTABLE_NOT_FOUND = 127;
const SHORTEST_TERM_MS = 2000;

export interface RunningContainerParts {
  readonly container: Container;
  readonly address: PodAddress;
  readonly process: ContainerProcess;
  readonly run: ProgramRun;
  readonly programs: ProgramCatalogue;
  readonly reaper: Reaper;
  readonly probes: ProberCallbacks;
}

/** A live instance of a container: its process, its probes, and how it is brought to an end. */
export class RunningContainer {
  readonly process: ContainerProcess;
  readonly exited: Promise<ProcessExit>;
  readonly #parts: RunningContainerParts;
  readonly #prober: Prober;
  #oomKilled = false;
  #killAt: number | undefined;
  #killTimer: NodeJS.Timeout | undefined;

  constructor(parts: RunningContainerParts) {
    this.#parts = parts;
    this.process = parts.process;
    const { container, address } = parts;
    this.#prober = new Prober({ container, address, exec: this.#exec }, parts.probes);
    this.exited = parts.process.exited.finally(() => {
      this.#prober.stop();
      clearTimeout(this.#killTimer);
    });
  }

  /** As it was when this instance was started. */
  get container(): Container {
    return this.#parts.container;
  }

  /** Whether this instance was killed because it exceeded its memory limit. */
  get oomKilled(): boolean {
    return this.#oomKilled;
  }

  killForMemory(): void {
    this.#oomKilled = true;
    this.process.signal('SIGKILL');
  }

  get stopping(): boolean {
    return this.#killAt !== undefined;
  }

  /**
   * preStop, SIGTERM, and SIGKILL after `graceMs` (at once for 0). Called again it can only shorten the time that is left.
   * Returns whether this was the first call.
   */
  stop(graceMs: number): boolean {
    const first = this.#killAt === undefined;
    const killAt = Date.now() + graceMs;
    if (this.#killAt !== undefined && killAt >= this.#killAt) return false;
    this.#killAt = killAt;
    clearTimeout(this.#killTimer);
    if (graceMs <= 0) this.process.signal('SIGKILL');
    else {
      this.#killTimer = setTimeout(() => {
        this.process.signal('SIGKILL');
      }, graceMs);
      if (first) void this.#endGracefully(graceMs);
    }
    return first;
  }

  async #endGracefully(graceMs: number): Promise<void> {
    const preStop = this.#parts.container.lifecycle?.preStop;
    if (preStop !== undefined) {
      const { container, address } = this.#parts;
      if (preStop.sleep !== undefined)
        await new Promise((resolve) =>
          setTimeout(resolve, Math.min(preStop.sleep?.seconds ?? 0, graceMs / 1000) * 1000),
        );
      else await performCheck(preStop, { container, address, exec: this.#exec }, graceMs);
      const left = (this.#killAt ?? 0) - Date.now();
      // A hook that used up the time still leaves the process a moment to end by itself.
      if (left < SHORTEST_TERM_MS && graceMs >= SHORTEST_TERM_MS) {
        clearTimeout(this.#killTimer);
        this.#killTimer = setTimeout(() => {
          this.process.signal('SIGKILL');
        }, SHORTEST_TERM_MS);
      }
    }
    this.process.signal('SIGTERM');
  }

  readonly #exec: ExecInContainer = async (command, timeoutMs) => {
    const [name = '', ...args] = command;
    const { programs, run, reaper } = this.#parts;
    if (!programs.names.has(name))
      return {
        exitCode: EXECUTABLE_NOT_FOUND,
        output: `exec: "${name}": executable file not found in $PATH (this node has only the bundled programs)`,
        timedOut: false,
      };
    return runToEnd(reaper, { ...run, file: programs.file(name), args }, timeoutMs);
  };
}
