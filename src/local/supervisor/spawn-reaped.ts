import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { Reaper } from './reaper.ts';

export interface ReapedSpawnOptions {
  readonly cwd?: string;
  /** The whole environment of the new process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input, output and error. */
  readonly stdio?: readonly ['ignore' | 'pipe', 'ignore' | 'pipe' | number, 'ignore' | 'pipe' | number];
}

// Waits for one line on descriptor 3, then becomes the program: same pid, same start time. At the end of the pipe
// instead of a line (we died) it ends.
const GATE = 'read -r _ <&3 && exec 3<&- && exec "$@"';

/**
 * Starts a process, as the leader of its own session and group, that does not run a single instruction of `command`
 * before `reaper` holds it: there is no moment in which our death would leave it behind. A command that does not exist
 * shows as exit code 127. Wait for `spawn` errors and `exit` as with any child process.
 */
export async function spawnReaped(
  reaper: Reaper,
  command: string,
  args: readonly string[],
  options: ReapedSpawnOptions = {},
): Promise<ChildProcess> {
  const stdio: StdioOptions = [...(options.stdio ?? (['ignore', 'ignore', 'ignore'] as const)), 'pipe'];
  const child = spawn('/bin/sh', ['-c', GATE, 'sh', command, ...args], {
    detached: true,
    stdio,
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const { pid } = child;
  if (pid === undefined) {
    const [error] = await Promise.race([onceError(child)]);
    throw error;
  }
  child.once('exit', () => {
    reaper.forget(pid);
  });
  const gate = child.stdio[3] as Writable;
  gate.on('error', () => undefined); // it ended before it was let go; `exit` tells
  try {
    await reaper.register(pid);
    gate.end('\n');
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return child;
}

const onceError = (child: ChildProcess): Promise<[Error]> =>
  new Promise((resolve) => {
    child.once('error', (error) => {
      resolve([error]);
    });
  });
