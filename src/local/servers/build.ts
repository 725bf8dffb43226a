import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Reaper } from '../supervisor/reaper.ts';
import { spawnReaped } from '../supervisor/spawn-reaped.ts';
import { storeInCache, type CacheEntry } from './cache.ts';
import { findGo, goEnvironment, type GoToolchain } from './go-toolchain.ts';
import type { Bundle, BundleName } from './programs.ts';
import { reportProgress, type Say } from './progress.ts';
import { ProvisionError } from './provision-error.ts';

const KEPT_LINES = 200;
const SHOWN_LINES = 15;
const MIN_FREE_BYTES = 1024 ** 3;

export interface BuildSettings {
  /** Holds one Go module per bundle. */
  readonly modules: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: Say;
  /** Least free space to begin with; default 1 GiB. */
  readonly minFreeBytes?: number;
}

/** Builds a bundle from its pinned Go module into its cache entry. Throws {@link ProvisionError}. */
export async function build(
  name: BundleName,
  bundle: Bundle,
  entry: CacheEntry,
  settings: BuildSettings,
): Promise<void> {
  const go = await findGo(settings.env);
  mkdirSync(entry.directory, { recursive: true });
  for (const directory of [entry.directory, go.buildCache]) await demandSpace(directory, settings.minFreeBytes);
  // A copy: Go may want to complete go.mod, and the clone may be read-only.
  const source = join(entry.directory, '.source');
  rmSync(source, { recursive: true, force: true });
  cpSync(join(settings.modules, bundle.module), source, { recursive: true });
  const target = join(entry.directory, `${bundle.binary}.part`);
  const output = new BuildOutput();
  await reportProgress(
    settings.say,
    `building ${name} ${bundle.version} with ${go.version} (once; about ${bundle.minutes} min on two cores)`,
    () => output.standing(),
    () => compile(go, bundle, source, target, settings.env, output),
  );
  await storeInCache(entry, target, `built by ${go.version}`);
  rmSync(source, { recursive: true, force: true });
}

async function demandSpace(directory: string, minFreeBytes = MIN_FREE_BYTES): Promise<void> {
  mkdirSync(directory, { recursive: true });
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize >= minFreeBytes) return;
  throw new ProvisionError(`only ${megabytes(bavail * bsize)} are free in ${directory}, a first build needs 4 GB`);
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / 1_000_000)} MB`;

async function compile(
  go: GoToolchain,
  bundle: Bundle,
  source: string,
  target: string,
  env: NodeJS.ProcessEnv,
  output: BuildOutput,
): Promise<void> {
  const reaper = new Reaper();
  try {
    const args = ['build', '-v', ...bundle.buildArgs, '-o', target, bundle.package];
    const child = await spawnReaped(reaper, go.command, args, {
      cwd: source,
      env: goEnvironment(env),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) output.read(stream);
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    if (code !== 0) throw new ProvisionError(output.failure());
  } finally {
    reaper.close();
  }
}

/** What `go build -v` says: modules as it downloads them, packages as it compiles them, and what went wrong. */
class BuildOutput {
  readonly #lines: string[] = [];
  #downloaded = 0;
  #compiled = 0;

  read(stream: Readable | null): void {
    if (stream === null) return;
    createInterface({ input: stream }).on('line', (line) => {
      if (line.startsWith('go: downloading ')) this.#downloaded++;
      else if (/^[\w./~-]+$/.test(line)) this.#compiled++;
      else this.#lines.push(line);
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    });
  }

  standing(): string {
    if (this.#compiled > 0) return `compiling, ${this.#compiled} packages so far`;
    return this.#downloaded > 0 ? `downloading modules, ${this.#downloaded} so far` : 'at work on what Go has cached';
  }

  failure(): string {
    const text = this.#lines.join('\n');
    const shown = this.#lines.slice(-SHOWN_LINES).map((line) => `      ${line}`);
    return [`${causeOf(text)}. Last lines of the build:`, ...shown].join('\n');
  }
}

function causeOf(text: string): string {
  if (/no space left on device|disk quota exceeded/i.test(text)) return 'the disk is full (a first build needs 4 GB)';
  if (/dial tcp|no such host|i\/o timeout|connection refused|TLS handshake|network is unreachable/i.test(text))
    return 'the Go modules could not be downloaded (no network, or GOPROXY points elsewhere)';
  return 'go build failed';
}
