import { createWriteStream, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { sha256Of, storeInCache, type CacheEntry } from './cache.ts';
import { reportProgress, type Say } from './progress.ts';
import { hasCode, innermostReason, ProvisionError } from './provision-error.ts';
import type { Release } from './releases.ts';
import { runBriefly } from './run-briefly.ts';

const STALL_MS = 30_000;
const UNPACK_TIMEOUT_MS = 300_000;

/**
 * Downloads a release into its cache entry. An interrupted download goes on where it stopped. What does not have the
 * pinned SHA-256 is never unpacked, let alone run. Throws {@link ProvisionError}.
 */
export async function download(release: Release, entry: CacheEntry, say: Say): Promise<void> {
  mkdirSync(entry.directory, { recursive: true });
  const part = join(entry.directory, `${entry.binary}.${release.format}.part`);
  await reportProgress(
    say,
    `downloading ${release.program} ${release.version} from ${new URL(release.url).host}`,
    () => `${megabytes(sizeOf(part))} so far`,
    async () => {
      const resumed = sizeOf(part) > 0;
      await fetchInto(release.url, part);
      let problem = await checksumProblem(release, part);
      if (problem !== undefined && resumed) {
        // The earlier part may have been of something else; once more from the start.
        await fetchInto(release.url, part);
        problem = await checksumProblem(release, part);
      }
      if (problem !== undefined) throw new ProvisionError(problem);
      const file = release.member === undefined ? part : await extract(part, release.member, entry);
      await storeInCache(entry, file, release.url);
      rmSync(part, { force: true });
      rmSync(unpackDirectory(entry), { recursive: true, force: true });
    },
  );
}

const megabytes = (bytes: number): string => `${(bytes / 1_000_000).toFixed(1)} MB`;

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

async function fetchInto(url: string, part: string): Promise<void> {
  const have = sizeOf(part);
  const stalled = new AbortController();
  const timer = setTimeout(() => {
    stalled.abort();
  }, STALL_MS);
  try {
    const headers = have > 0 ? { range: `bytes=${have}-` } : undefined;
    const response = await fetch(url, { signal: stalled.signal, ...(headers === undefined ? {} : { headers }) });
    if (response.status === 416) return; // there is no more of it
    if (!response.ok || response.body === null) throw new ProvisionError(`${url} answered HTTP ${response.status}`);
    const append = response.status === 206;
    const body = Readable.fromWeb(response.body).on('data', () => timer.refresh());
    await pipeline(body, createWriteStream(part, { flags: append ? 'a' : 'w' }));
  } catch (error) {
    if (error instanceof ProvisionError) throw error;
    if (hasCode(error, 'ENOSPC', 'EDQUOT')) throw new ProvisionError(`no space left for ${part}`, { cause: error });
    throw new ProvisionError(`${url}: ${stalled.signal.aborted ? 'no data for 30 s' : innermostReason(error)}`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Removes a file that is not the pinned one and says so. */
async function checksumProblem(release: Release, part: string): Promise<string | undefined> {
  const actual = await sha256Of(part);
  if (actual === release.sha256) return undefined;
  const size = sizeOf(part);
  rmSync(part, { force: true });
  return `${release.url} has SHA-256 ${actual} (${size} bytes), pinned is ${release.sha256}: not used`;
}

const unpackDirectory = (entry: CacheEntry): string => join(entry.directory, '.unpacked');

async function extract(archive: string, member: string, entry: CacheEntry): Promise<string> {
  const directory = unpackDirectory(entry);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  const args = ['-xzf', archive, '-C', directory, '--no-same-owner', member];
  const { code, output } = await runBriefly('tar', args, process.env, UNPACK_TIMEOUT_MS);
  if (code !== 0) throw new ProvisionError(`tar could not unpack ${member} from ${archive}: ${output.trim()}`);
  return join(directory, member);
}
