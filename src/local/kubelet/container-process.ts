import type { ChildProcess } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import { identify, type ProcessIdentity } from '../supervisor/process-identity.ts';
import type { Reaper } from '../supervisor/reaper.ts';
import { spawnReaped } from '../supervisor/spawn-reaped.ts';
import type { LogFile, LogStream } from './log-file.ts';
import type { ExecResult } from './probe-checks.ts';

/** A bundled program to run. */
export interface ProgramRun {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

export interface ProcessExit {
  /** As a shell reports it: 128 + n for signal n. */
  readonly exitCode: number;
}

export interface ContainerProcess {
  readonly identity: ProcessIdentity;
  /** Resolves once, when the process has ended and its output is in the log. */
  readonly exited: Promise<ProcessExit>;
  /** Signals the process and all that it started. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void;
}

const SIGNAL_NUMBERS: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};
const OUTPUT_GRACE_MS = 300;
const MAX_EXEC_OUTPUT = 10 * 1024;
const NODE_FLAGS = ['--v8-pool-size=1', '--no-warnings'];

/** Starts a program as the leader of its own process group; the reaper ends it if this process dies. */
export async function startProcess(reaper: Reaper, run: ProgramRun, log: LogFile): Promise<ContainerProcess> {
  const child = await spawnReaped(reaper, process.execPath, [...NODE_FLAGS, run.file, ...run.args], {
    cwd: run.cwd,
    env: run.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid ?? 0;
  collect(child.stdout, 'stdout', log);
  collect(child.stderr, 'stderr', log);
  const identity = identify(pid) ?? { pid, startedAt: 'gone' };
  const exited = new Promise<ProcessExit>((resolve) => {
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
      const exit = { exitCode: code ?? 128 + (SIGNAL_NUMBERS[signal ?? 'SIGKILL'] ?? 0) };
      killGroup(pid, 'SIGKILL'); // what it started goes with it, like everything in a container whose pid 1 ends
      const timer = setTimeout(() => {
        log.close();
        resolve(exit);
      }, OUTPUT_GRACE_MS);
      child.once('close', () => {
        clearTimeout(timer);
        log.close();
        resolve(exit);
      });
    };
    // Somebody may have killed it before it was let go.
    if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode);
    else child.once('exit', onExit);
  });
  return {
    identity,
    exited,
    signal: (signal) => {
      killGroup(pid, signal);
    },
  };
}

function collect(output: Readable | null, stream: LogStream, log: LogFile): void {
  const decoder = new StringDecoder('utf8');
  output?.on('data', (chunk: Buffer) => {
    log.append(stream, decoder.write(chunk));
  });
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined || pid <= 1) return; // -0 and -1 would mean ourselves, or everybody
  try {
    process.kill(-pid, signal);
  } catch {
    // already gone
  }
}

/** Runs a program to its end (exec probes and hooks), killing it at the deadline. */
export async function runToEnd(reaper: Reaper, run: ProgramRun, timeoutMs: number): Promise<ExecResult> {
  let child: ChildProcess;
  try {
    child = await spawnReaped(reaper, process.execPath, [...NODE_FLAGS, run.file, ...run.args], {
      cwd: run.cwd,
      env: run.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    return { exitCode: 126, output: String(error), timedOut: false };
  }
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      if (output.length < MAX_EXEC_OUTPUT) output += chunk.toString('utf8');
    });
  return new Promise((resolve) => {
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid, 'SIGKILL');
    }, timeoutMs);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ exitCode: code ?? 137, output, timedOut });
    });
  });
}
