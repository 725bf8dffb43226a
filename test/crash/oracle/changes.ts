import { isTarget, type History } from './history.ts';

export interface Changes {
  readonly onTargets: readonly string[];
  readonly elsewhere: readonly string[];
}

const ABSENT = 'gone';

/** Each change of state of each object that was watched, since the trial began. */
export function changesIn({ sightings, since, expected }: Pick<History, 'sightings' | 'since' | 'expected'>): Changes {
  const states = new Map<string, string>();
  const onTargets: string[] = [];
  const elsewhere: string[] = [];
  for (const { key, state, version } of sightings) {
    const before = states.get(key) ?? ABSENT;
    states.set(key, state);
    if (state === before || version <= since) continue;
    const change = `${key} is ${state} instead of ${before}`;
    if (isTarget(expected, key)) onTargets.push(change);
    else elsewhere.push(change);
  }
  return { onTargets, elsewhere };
}
