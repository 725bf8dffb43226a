import { readFileSync } from 'node:fs';

/** One process for ever: the kernel reuses pids, but not a pid together with its start time. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot id and clock ticks since that boot, opaque. */
  readonly startedAt: string;
}

export interface ProcessStat extends ProcessIdentity {
  readonly parent: number;
  readonly group: number;
  readonly zombie: boolean;
}

let bootId: string | undefined;

/** What the kernel says about a process, or undefined if there is none of that pid (or no /proc). */
export function processStat(pid: number): ProcessStat | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    bootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return undefined;
  }
  // The second field is the program's name, in parentheses and with whatever it likes inside.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  const ticks = fields[19];
  if (ticks === undefined) return undefined;
  return {
    pid,
    startedAt: `${bootId}/${ticks}`,
    parent: Number(parent),
    group: Number(group),
    zombie: state === 'Z' || state === 'X',
  };
}

/** The identity of a process that runs now, or undefined. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = processStat(pid);
  return stat === undefined || stat.zombie ? undefined : { pid, startedAt: stat.startedAt };
}

/** Whether exactly this process still runs; a zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/** Sends a signal to exactly this process; false if it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    return process.kill(identity.pid, signal);
  } catch {
    return false;
  }
}
