import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DaemonMessage, DaemonOptions } from './local-daemon.ts';
import { daemonLog, defaultStateDirectory, findState, type LocalState } from './local-state.ts';
import { exclusively } from './servers/exclusive.ts';

export interface LocalUpOptions extends Omit<DaemonOptions, 'stateDirectory'> {
  /** Default: `${XDG_STATE_HOME:-~/.local/state}/kubeskippy/local`. */
  readonly stateDirectory?: string;
  /** One line for people per step. */
  readonly say?: (line: string) => void;
}

const DAEMON = fileURLToPath(new URL(`./local-daemon-main${extname(import.meta.url)}`, import.meta.url));

/** The right to change whether the background environment runs. */
export const lifecycleRight = (stateDirectory: string): string => `local environment ${stateDirectory}`;

/**
 * Starts the environment in the background and returns when it is ready; if it runs already, just tells where. Two at
 * once start one. Throws what kept it from starting; then nothing is left running.
 */
export async function localUp(options: LocalUpOptions = {}): Promise<LocalState> {
  const { stateDirectory = defaultStateDirectory(), say = () => undefined } = options;
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const onWait = (holder: string): void => {
    say(`waiting for ${holder}, which is starting or ending the local environment`);
  };
  return exclusively(lifecycleRight(stateDirectory), onWait, async () => {
    const found = findState(stateDirectory);
    if (found.kind === 'running') {
      say(`the local environment runs already (pid ${found.state.daemon.pid})`);
      return found.state;
    }
    if (found.kind === 'stale')
      say(
        `the local environment ended without \`local down\` (pid ${found.state.daemon.pid} is gone): taking up its data`,
      );
    const daemonOptions: DaemonOptions = {
      stateDirectory,
      ...(options.healer === undefined ? {} : { healer: options.healer }),
      ...(options.ports === undefined ? {} : { ports: options.ports }),
    };
    await startDaemon(daemonOptions, say);
    const now = findState(stateDirectory);
    if (now.kind !== 'running')
      throw new Error(`the local environment ended right after it was ready: see ${daemonLog(stateDirectory)}`);
    return now.state;
  });
}

async function startDaemon(options: DaemonOptions, say: (line: string) => void): Promise<void> {
  const log = openSync(daemonLog(options.stateDirectory), 'a', 0o600);
  const daemon = spawn(process.execPath, [DAEMON, JSON.stringify(options)], {
    detached: true, // Ctrl-C here must not reach it; it ends by itself if we end before it is ready
    stdio: ['ignore', log, log, 'ipc'],
    cwd: options.stateDirectory, // not wherever the user happens to be, and may want to remove
  });
  closeSync(log);
  try {
    await untilReady(daemon, say, daemonLog(options.stateDirectory));
  } finally {
    if (daemon.connected) daemon.disconnect();
    daemon.unref();
  }
}

function untilReady(daemon: ChildProcess, say: (line: string) => void, logFile: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: string | undefined;
    daemon.on('message', (message: DaemonMessage) => {
      if (message.type === 'progress') say(message.line);
      else if (message.type === 'ready') resolve();
      else failure = message.message;
    });
    daemon.once('error', reject);
    // Only when it is gone is nothing left running.
    daemon.once('exit', (code, signal) => {
      reject(new Error(failure ?? `the background process ended (${signal ?? `exit ${code ?? '?'}`}): see ${logFile}`));
    });
  });
}
