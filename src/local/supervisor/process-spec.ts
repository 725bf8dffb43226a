import type { ProcessIdentity } from './process-identity.ts';
import type { Probe } from './readiness.ts';

/** One process to keep running. */
export interface ProcessSpec {
  /** Unique within a supervisor; also the name of the log file. */
  readonly name: string;
  /** Absolute path of the program. */
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's own environment; an undefined value removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Default: ready as soon as it runs. */
  readonly ready?: Probe;
  /** How long the process may take to become ready. Default 60 000 ms. */
  readonly readyTimeoutMs?: number;
  /** Whether it is started again when it dies by itself. Default true. */
  readonly restart?: boolean;
  /** After SIGTERM, how long until SIGKILL. Default 5 000 ms. */
  readonly stopTimeoutMs?: number;
}

export type ProcessState = 'starting' | 'ready' | 'restarting' | 'stopping' | 'stopped' | 'failed';

export interface ProcessStatus {
  readonly name: string;
  readonly state: ProcessState;
  /** The process that runs now. */
  readonly process?: ProcessIdentity;
  readonly restarts: number;
  readonly logFile: string;
}

/** What happened to a process without anybody asking for it; `message` is for people. */
export type SupervisorEvent =
  | {
      readonly type: 'died';
      readonly name: string;
      readonly pid: number;
      /** `exit 137`. */
      readonly exit: string;
      readonly willRestart: boolean;
      readonly message: string;
    }
  | {
      readonly type: 'restarted';
      readonly name: string;
      readonly pid: number;
      readonly exit: string;
      /** From its death until it was ready again. */
      readonly afterMs: number;
      readonly message: string;
    };

const SHOWN_LINES = 12;

/** A process that ended or stayed unready when it was first started. */
export class ProcessStartError extends Error {
  override readonly name = 'ProcessStartError';
  readonly process: string;
  readonly logFile: string;
  /** The end of what it wrote since it was started. */
  readonly tail: readonly string[];

  constructor(process: string, problem: string, logFile: string, tail: readonly string[]) {
    const last = tail.slice(-SHOWN_LINES);
    const shown = last.length === 0 ? ' (empty)' : `:\n${last.map((line) => `    ${line}`).join('\n')}`;
    super(`${process} ${problem}. Last lines of ${logFile}${shown}`);
    this.process = process;
    this.logFile = logFile;
    this.tail = tail;
  }

  /** Somebody else took one of its ports between choosing it and starting. */
  get addressInUse(): boolean {
    return this.tail.some((line) => /address already in use|EADDRINUSE/i.test(line));
  }
}
