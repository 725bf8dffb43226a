import { existsSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryExclusive } from './servers/exclusive.ts';

/** Data directories of environments that need not be kept begin with this, in the system's directory for such things. */
export const TEMPORARY_PREFIX = 'kubeskippy-';
const MARK = 'may-be-removed';

/** Two environments with the same data would ruin it; the right to a directory ends with the process that holds it. */
export const rightTo = (directory: string) => tryExclusive(`data directory ${realpathSync(directory)}`);

/** Notes that the directory serves this run only. */
export function markTemporary(directory: string): void {
  writeFileSync(join(directory, MARK), `kubeskippy removes this directory when process ${process.pid} has ended\n`);
}

/** Removes the data of temporary environments whose process was killed before it could do so; returns their paths. */
export async function removeLeftovers(parent = tmpdir()): Promise<readonly string[]> {
  const removed: string[] = [];
  for (const name of readdirSync(parent)) {
    const directory = join(parent, name);
    if (!name.startsWith(TEMPORARY_PREFIX) || !existsSync(join(directory, MARK))) continue;
    const right = await rightTo(directory).catch(() => undefined); // somebody else was faster
    if (right === undefined || !('release' in right)) continue;
    try {
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
      removed.push(directory);
    } catch {
      // another user's: not ours to remove
    }
    await right.release();
  }
  return removed;
}
