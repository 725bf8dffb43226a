import { statfsSync } from 'node:fs';

const MIB = 1024 * 1024;
/** What the servers write in their first minutes: etcd alone sets 64 MiB aside, and again for each further log file. */
const NEEDED_BYTES = 400 * MIB;

/** Throws if the disk of an existing directory has too little space for the servers: they would only break with a panic. */
export function demandFreeSpace(directory: string): void {
  const { bavail, bsize } = statfsSync(directory);
  const free = bavail * bsize;
  if (free >= NEEDED_BYTES) return;
  throw new Error(
    `the disk of ${directory} has ${Math.floor(free / MIB)} MiB left, the local servers need ${NEEDED_BYTES / MIB} MiB: ` +
      'free some, or use another disk (TMPDIR for the demo and the tests, XDG_STATE_HOME for `kubeskippy local up`)',
  );
}
