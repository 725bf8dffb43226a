import { complaints, heldInLedger, lingeringWorkflows, strangeMarks, unhealed } from './aftermath.ts';
import { unleash, type SwarmOptions } from './swarm.ts';
import { verdictOn, type Judged } from './verdict.ts';

export interface SwarmReport {
  readonly seed: number;
  readonly actions: number;
  readonly kills: readonly string[];
  /** All that is not as it should be. */
  readonly findings: readonly string[];
  /** How many ended how: `{ Healed: 160 }`. */
  readonly ends: Readonly<Record<string, number>>;
  readonly effects: number;
  /** Actions by group, and the median and longest time from their creation to their end, in seconds. */
  readonly groups: Readonly<
    Record<string, { readonly count: number; readonly median: number; readonly longest: number }>
  >;
  /** What stands in the logs, and how often. */
  readonly complaints: Readonly<Record<string, number>>;
}

/** Lets the swarm loose and tells what came of it. */
export async function reportOn(options: SwarmOptions): Promise<SwarmReport> {
  const swarm = await unleash(options);
  try {
    const ground = { admin: swarm.stack.admin, namespace: swarm.namespace };
    const lingering = await lingeringWorkflows(swarm);
    const { actions, others } = verdictOn(swarm, new Set(lingering.map((id) => id.replace(/^ha-/, ''))));
    const findings = [
      ...actions.flatMap((action) => action.findings),
      ...others,
      ...(await heldInLedger(swarm, actions)),
      ...(await strangeMarks(ground, swarm, actions)),
      ...(await unhealed(ground, actions)),
    ];
    return {
      seed: options.seed,
      actions: actions.length,
      kills: swarm.kills,
      findings,
      ends: countsOf(actions.map(({ end }) => end)),
      effects: actions.reduce((sum, { effects }) => sum + effects, 0),
      groups: Object.fromEntries(
        [['all', actions] as const, ...Map.groupBy(actions, ({ order }) => order.group).entries()].map(
          ([group, members]) => [group, timesOf(members)],
        ),
      ),
      complaints: Object.fromEntries(complaints(swarm)),
    };
  } finally {
    await swarm.stack.stop();
  }
}

const countsOf = (words: readonly string[]): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(words, (word) => word).entries()].map(([word, all]) => [word, all.length]));

function timesOf(actions: readonly Judged[]) {
  const seconds = actions.flatMap(({ seconds: each = [] }) => each).sort((a, b) => a - b);
  return {
    count: actions.length,
    median: rounded(seconds[Math.floor(seconds.length / 2)]),
    longest: rounded(seconds.at(-1)),
  };
}

const rounded = (seconds = Number.NaN): number => Math.round(seconds * 10) / 10;
