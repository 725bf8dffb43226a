import { BUNDLES, PROGRAMS, type ProgramName } from './programs.ts';

/** The one error about programs that could not be had in any way: why each way failed, and all the ways out. */
export function missingProgramsError(
  missing: readonly ProgramName[],
  reasons: ReadonlyMap<ProgramName, readonly string[]>,
  cacheRoot: string,
): Error {
  // Programs of one build fail alike; one list of reasons is enough for them.
  const byBundle = Map.groupBy(missing, (name) => PROGRAMS[name].bundle);
  const stories = [...byBundle].map(([, names]) => {
    const [first] = names;
    const why = first === undefined ? [] : (reasons.get(first) ?? []);
    return [`${names.join(', ')} could neither be found nor made:`, ...why.map((reason) => `    ${reason}`)].join('\n');
  });
  const minutes = [...byBundle.keys()].reduce((sum, bundle) => sum + BUNDLES[bundle].minutes, 0);
  const variables = missing.map((name) => PROGRAMS[name].variable);
  return new Error(
    [
      ...stories,
      'Ways out, any of them:',
      `  - with Go 1.21 or later (https://go.dev/dl), network and 4 GB of free disk, run this again: it builds them once, about ${minutes} min`,
      `  - install them and put them on PATH: ${missing.map((name) => `${name} ${PROGRAMS[name].wanted}`).join('; ')}`,
      `  - name them in ${variables.join(', ')}`,
      `  - copy ${cacheRoot} from a machine of the same kind that has them, or set XDG_CACHE_HOME to a disk with space`,
    ].join('\n'),
  );
}
