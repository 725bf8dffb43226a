import { isTarget, type History } from './history.ts';

export interface Changes {
  readonly onTargets: readonly string[];
  readonly elsewhere: readonly string[];
}

const ABSENT = 'gone';

/** Each change of state of each object that was watched, since the trial began. */
export function changesIn({
  sightings,
  since,
  expected,
  gone,
}: Pick<History, 'sightings' | 'since' | 'expected' | 'gone'>): Changes {
  const states = new Map<string, string>();
  const made = new Set<string>();
  const onTargets: string[] = [];
  const elsewhere: string[] = [];
  for (const { key, state, version } of sightings) {
    const before = states.get(key) ?? ABSENT;
    states.set(key, state);
    if (state === before || version <= since) continue;
    if (before === ABSENT) made.add(key);
    // The garbage collector takes what a healing has made along with its record.
    else if (state === ABSENT && gone && made.has(key) && key.startsWith('jobs/')) continue;
    const change = `${key} is ${state} instead of ${before}`;
    if (isTarget(expected, key)) onTargets.push(change);
    else elsewhere.push(change);
  }
  return { onTargets, elsewhere };
}
