import { fileURLToPath } from 'node:url';
import { join, resolve } from 'node:path';
import { build } from './build.ts';
import { binaryFile, cacheProblem, cacheRoot, type CacheEntry } from './cache.ts';
import { download } from './download.ts';
import { exclusively } from './exclusive.ts';
import { missingProgramsError } from './missing-programs-error.ts';
import { acceptableOnPath, isExecutable } from './on-path.ts';
import { BUNDLES, PROGRAMS, type Bundle, type BundleName, type ProgramName } from './programs.ts';
import type { Say } from './progress.ts';
import { reasonOf } from './provision-error.ts';
import { readReleases, releaseOf, type Release } from './releases.ts';

export interface LocateOptions {
  readonly say?: Say;
  /** Default: this process's. */
  readonly env?: NodeJS.ProcessEnv;
  /** Default: what deploy/local/servers/releases.json pins. */
  readonly releases?: readonly Release[];
  /** Default: deploy/local/servers. */
  readonly modules?: string;
}

/** The programs that were asked for, by name; absolute paths. */
export type Programs = Readonly<Record<ProgramName, string>>;

const MODULES = fileURLToPath(new URL('../../../deploy/local/servers', import.meta.url));

interface Search {
  readonly env: NodeJS.ProcessEnv;
  readonly say: Say;
  readonly root: string;
  readonly releases: readonly Release[];
  readonly modules: string;
  /** What is wrong with each cache directory looked at; several programs share one. */
  readonly problems: Map<string, Promise<string | undefined>>;
  /** Why each way failed for each program that is still missing. */
  readonly reasons: Map<ProgramName, string[]>;
}

/**
 * Finds each program by its variable, on PATH, in the cache, by a pinned download, or builds it. Only one process at a
 * time downloads or builds the same; the others wait for it. Throws one error that names all ways out.
 */
export async function locatePrograms(names: readonly ProgramName[], options: LocateOptions = {}): Promise<Programs> {
  const env = options.env ?? process.env;
  const search: Search = {
    env,
    say: options.say ?? (() => undefined),
    root: cacheRoot(env),
    releases: options.releases ?? readReleases(),
    modules: options.modules ?? MODULES,
    problems: new Map(),
    reasons: new Map(),
  };
  const wanted = [...new Set(names)];
  const found = new Map<ProgramName, string>();
  const note = (name: ProgramName, path: string | undefined): void => {
    if (path !== undefined) found.set(name, path);
  };
  await Promise.all(
    wanted.map(async (name) => {
      note(name, await findReady(name, search));
    }),
  );
  // One after the other: two builds at once would only take turns on the same cores.
  const byBundle = Map.groupBy(
    wanted.filter((name) => !found.has(name)),
    (name) => PROGRAMS[name].bundle,
  );
  for (const [bundle, members] of byBundle)
    for (const [name, path] of await provide(bundle, members, search)) found.set(name, path);
  const missing = wanted.filter((name) => !found.has(name));
  if (missing.length > 0) throw missingProgramsError(missing, search.reasons, search.root);
  return Object.fromEntries(found) as Record<ProgramName, string>;
}

const bundleEntry = (root: string, { version, binary, links }: Bundle, name: BundleName): CacheEntry => ({
  directory: join(root, `${name}-${version}`),
  binary,
  links,
});

const downloadEntry = (root: string, name: ProgramName): CacheEntry => ({
  directory: join(root, `${name}-${PROGRAMS[name].version}`),
  binary: name,
  links: [],
});

/** Variable, PATH, cache. Throws if the variable names something that cannot be run. */
async function findReady(name: ProgramName, search: Search): Promise<string | undefined> {
  const { env, root } = search;
  const { variable, bundle } = PROGRAMS[name];
  const given = env[variable];
  if (given !== undefined && given !== '') {
    if (isExecutable(given)) return resolve(given);
    throw new Error(`${variable}=${given} is not an executable file: correct the variable or unset it`);
  }
  const reasons = [`${variable} is not set`];
  search.reasons.set(name, reasons);
  let passedOver: string | undefined;
  const onPath = await acceptableOnPath(name, env, (line) => {
    passedOver = line;
    search.say(line);
  });
  if (onPath !== undefined) return onPath;
  reasons.push(passedOver ?? `there is no ${name} on PATH`);
  const built = bundleEntry(root, BUNDLES[bundle], bundle);
  for (const entry of [downloadEntry(root, name), built]) {
    const looked = search.problems.get(entry.directory) ?? cacheProblem(entry);
    search.problems.set(entry.directory, looked);
    const problem = await looked;
    if (problem === undefined) return join(entry.directory, name);
    if (problem !== 'absent') search.say(`${binaryFile(entry)} ${problem}: it will be replaced`);
  }
  reasons.push(`it is not in the cache ${root}`);
  return undefined;
}

/** Download, build: what is missing of one bundle. */
async function provide(
  bundle: BundleName,
  names: readonly ProgramName[],
  search: Search,
): Promise<readonly (readonly [ProgramName, string])[]> {
  const { env, root, say, modules } = search;
  const note = (reason: string): void => {
    for (const name of names) search.reasons.get(name)?.push(reason);
  };
  const releases = names.flatMap((name) => releaseOf(search.releases, name) ?? []);
  if (releases.length < names.length) note(`no download is pinned for ${process.platform}-${process.arch}`);
  else {
    const failure = await downloadAll(releases, search);
    if (failure === undefined) return names.map((name) => [name, join(downloadEntry(root, name).directory, name)]);
    note(`the download failed: ${failure}`);
    say(`${failure}; building it instead`);
  }
  const entry = bundleEntry(root, BUNDLES[bundle], bundle);
  const failure = await make(entry, say, () => build(bundle, BUNDLES[bundle], entry, { modules, env, say }));
  if (failure === undefined) return names.map((name) => [name, join(entry.directory, name)]);
  note(`the build failed: ${failure}`);
  return [];
}

async function downloadAll(releases: readonly Release[], { root, say }: Search): Promise<string | undefined> {
  for (const release of releases) {
    const entry = downloadEntry(root, release.program);
    const failure = await make(entry, say, () => download(release, entry, say));
    if (failure !== undefined) return failure;
  }
  return undefined;
}

/** Makes a cache entry unless another process just has; says why not. */
async function make(entry: CacheEntry, say: Say, work: () => Promise<void>): Promise<string | undefined> {
  const onWait = (holder: string): void => {
    say(`waiting for ${holder}, which is making ${entry.directory}`);
  };
  try {
    await exclusively(entry.directory, onWait, async () => {
      if ((await cacheProblem(entry)) !== undefined) await work();
    });
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}
