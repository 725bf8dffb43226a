import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect } from '@jest/globals';
import { identify, isAlive, type ProcessIdentity } from '../../../src/local/supervisor/process-identity.ts';
import { eventually } from '../eventually.ts';

const supervisor = new URL('../../../src/local/supervisor/', import.meta.url).href;

/** URL of a module of the supervisor, for programs that run in another process. */
export const supervisorModule = (name: string): string => `${supervisor}${name}`;

export interface StandIn {
  readonly child: ChildProcess;
  /** The pids that the program printed. */
  readonly pids: readonly ProcessIdentity[];
}

/**
 * Runs a program (the text of an ES module) in a process of its own, until it has printed one line of pids of what it
 * started, separated by blanks. One that ends by itself must wait for the end of its standard input: it was looked at then.
 */
export async function startStandIn(program: string): Promise<StandIn> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pids = line.toString().trim().split(' ').map(Number);
  return {
    child,
    pids: pids.map((pid) => {
      const identity = identify(pid);
      if (identity === undefined) throw new Error(`pid ${pid} does not run`);
      return identity;
    }),
  };
}

/** Waits until none of the processes runs any more. */
export async function allGone(processes: readonly ProcessIdentity[], withinMs = 5000): Promise<void> {
  await eventually(() => {
    expect(processes.filter(isAlive)).toEqual([]);
  }, withinMs);
}
