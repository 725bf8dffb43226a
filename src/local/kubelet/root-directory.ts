import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '../supervisor/process-identity.ts';

/** Throws if another live node uses the directory: each would end the other's processes. */
export function claimRootDirectory(rootDir: string): void {
  const file = join(rootDir, 'owner.json');
  const owner = read(file);
  if (owner !== undefined && owner.pid !== process.pid && isAlive(owner))
    throw new Error(`${rootDir} is in use by another kubelet (pid ${owner.pid}): end it, or choose another --root-dir`);
  const self = identify(process.pid);
  if (self !== undefined) writeFileSync(file, JSON.stringify(self));
}

function read(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
