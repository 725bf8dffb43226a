import { readFileSync } from 'node:fs';

const PAGE_BYTES = 4096;
const TICKS_PER_SECOND = 100;

/** Resource use of a process and its descendants. */
export interface ProcessUsage {
  readonly rssBytes: number;
  /** User and system time since the start; exited descendants are not in it. */
  readonly cpuSeconds: number;
}

/** Usage of a process tree; zero for one that is gone. */
export function processUsage(pid: number): ProcessUsage {
  let rssBytes = 0;
  let cpuSeconds = 0;
  for (const member of processTree(pid)) {
    rssBytes += rssOf(member);
    cpuSeconds += cpuOf(member);
  }
  return { rssBytes, cpuSeconds };
}

/** Resident memory of a process tree in bytes. */
export const processRss = (pid: number): number => processTree(pid).reduce((sum, member) => sum + rssOf(member), 0);

function processTree(root: number): readonly number[] {
  const tree = [root];
  // The list grows while it is walked.
  for (const pid of tree)
    for (const child of read(`/proc/${pid}/task/${pid}/children`).split(' '))
      if (child !== '') tree.push(Number(child));
  return tree;
}

const rssOf = (pid: number): number => Number(read(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * PAGE_BYTES;

function cpuOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1').trim();
  } catch {
    return '';
  }
}
