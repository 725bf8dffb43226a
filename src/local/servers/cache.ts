import { createHash } from 'node:crypto';
import {
  chmodSync,
  createReadStream,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { hasCode } from './provision-error.ts';
import { runBriefly } from './run-briefly.ts';
import { writeFileAtomically } from './write-file-atomically.ts';

/** A directory of the cache that holds one binary, under its own and perhaps other names. */
export interface CacheEntry {
  readonly directory: string;
  readonly binary: string;
  /** Names that the binary is also called by. */
  readonly links: readonly string[];
}

interface Marker {
  readonly size: number;
  readonly modifiedMs: number;
  readonly sha256: string;
  /** Where the binary came from, for people. */
  readonly origin: string;
}

/** `${XDG_CACHE_HOME:-~/.cache}/kubeskippy`. */
export function cacheRoot(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_CACHE_HOME'];
  return join(xdg === undefined || xdg === '' ? join(homedir(), '.cache') : xdg, 'kubeskippy');
}

const markerFile = (entry: CacheEntry): string => join(entry.directory, '.complete.json');
/** The path of the binary, whether it is there or not. */
export const binaryFile = (entry: CacheEntry): string => join(entry.directory, entry.binary);

/**
 * Why the entry cannot be used: `absent`, or what is wrong with its binary; undefined if it is whole. The marker is
 * written last, so a binary without one may be half-written and is believed only if it runs.
 */
export async function cacheProblem(entry: CacheEntry): Promise<string | undefined> {
  if (!existsSync(binaryFile(entry))) return 'absent';
  const marker = readMarker(entry);
  const problem = marker === undefined ? await problemOfUnmarked(entry) : await problemOfMarked(entry, marker);
  if (problem === undefined) link(entry);
  return problem;
}

/** Puts a finished file in the entry's place; `origin` tells people where it came from. */
export async function storeInCache(entry: CacheEntry, file: string, origin: string): Promise<void> {
  chmodSync(file, 0o755);
  rmSync(markerFile(entry), { force: true });
  renameSync(file, binaryFile(entry));
  await mark(entry, origin);
}

async function mark(entry: CacheEntry, origin: string): Promise<void> {
  link(entry);
  const { size, mtimeMs } = statSync(binaryFile(entry));
  const marker: Marker = { size, modifiedMs: mtimeMs, sha256: await sha256Of(binaryFile(entry)), origin };
  writeFileAtomically(markerFile(entry), `${JSON.stringify(marker, null, 2)}\n`);
}

export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function readMarker(entry: CacheEntry): Marker | undefined {
  try {
    return JSON.parse(readFileSync(markerFile(entry), 'utf8')) as Marker;
  } catch {
    return undefined;
  }
}

async function problemOfUnmarked(entry: CacheEntry): Promise<string | undefined> {
  link(entry);
  const name = entry.links[0] ?? entry.binary;
  const { code } = await runBriefly(join(entry.directory, name), ['--version']);
  if (code !== 0) return 'is not complete';
  await mark(entry, 'found in the cache');
  return undefined;
}

async function problemOfMarked(entry: CacheEntry, marker: Marker): Promise<string | undefined> {
  const { size, mtimeMs } = statSync(binaryFile(entry));
  if (size === marker.size && mtimeMs === marker.modifiedMs) return undefined;
  // Copied, restored, or damaged: hash it this once.
  if ((await sha256Of(binaryFile(entry))) !== marker.sha256) return 'has another SHA-256 than when it was stored';
  await mark(entry, marker.origin);
  return undefined;
}

function link(entry: CacheEntry): void {
  for (const name of entry.links) {
    try {
      symlinkSync(entry.binary, join(entry.directory, name));
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}
