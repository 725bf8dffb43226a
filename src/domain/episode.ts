import type { Firing, Observation } from './firing.ts';
import type { OutcomeReason } from './outcome.ts';

/** One object in trouble under one policy, from the first firing until it has been quiet. */
export interface Episode {
  /** Which of the policy's actions comes next, in order of priority; raised when one has not healed. */
  readonly rung: number;
  /** The action that is under way; while there is one, no other is created. */
  readonly running?: {
    readonly uid: string;
    readonly name: string;
    readonly trigger: string;
    readonly cooldownMs: number;
    readonly since: number;
    /** Somebody has ordered it: its rung was counted when it was tried first. */
    readonly retry?: true;
  };
  /** Per trigger: not before this time (milliseconds). */
  readonly notBefore: Readonly<Record<string, number>>;
  /** Every rung was tried, or a person said no: nothing more happens until the trouble has ended. */
  readonly exhausted?: string;
}

/** What the policy's workflow remembers; everything else it is told again. */
export interface PolicyState {
  readonly version: 1;
  readonly generation: number;
  readonly firing: readonly Firing[];
  readonly overflow: number;
  readonly selected: number;
  readonly unhealthy: number;
  /** Revisions that were good at some time, the latest last. */
  readonly seenGood: readonly string[];
  readonly episodes: Readonly<Record<string, Episode>>;
  /** Why nothing was created for an episode at the last try; for the policy's status. */
  readonly held: Readonly<Record<string, string>>;
}

export interface Wanted {
  readonly episode: string;
  readonly rung: number;
  readonly firing: Firing;
}

/** How the creation of one wanted action went. */
export type Creation =
  | {
      readonly episode: string;
      readonly result: 'created';
      readonly uid: string;
      readonly name: string;
      readonly cooldownMs: number;
    }
  | { readonly episode: string; readonly result: 'held'; readonly why: string; readonly retryAfterMs: number }
  | { readonly episode: string; readonly result: 'exhausted'; readonly why: string };

/** The newest action of an episode, as the actions' own records show it. */
export interface RecalledAction extends RunningAction {
  readonly episode: string;
  readonly trigger: string;
  readonly cooldownMs: number;
  /** Absent while it runs. */
  readonly ended?: { readonly reason: OutcomeReason; readonly at: number };
}

/** A finished action of an episode that is tried again. */
export interface RetryStarted extends RunningAction {
  readonly episode: string;
  readonly trigger: string;
  readonly cooldownMs: number;
}

export interface RunningAction {
  readonly uid: string;
  readonly name: string;
}

export interface ActionEnded {
  readonly uid: string;
  readonly reason: OutcomeReason;
}

export const emptyPolicyState = (): PolicyState => ({
  version: 1,
  generation: 0,
  firing: [],
  overflow: 0,
  selected: 0,
  unhealthy: 0,
  seenGood: [],
  episodes: {},
  held: {},
});

/** Pods of one workload are one trouble: the outermost object that the policy selects stands for all of them. */
export const episodeOf = (firing: Firing): string => (firing.candidates.at(-1) ?? firing.subject).uid;

/** Takes over what the actions themselves say, for episodes of which nothing is known yet. */
export function recall(state: PolicyState, actions: readonly RecalledAction[], now: number): PolicyState {
  let next = state;
  for (const { episode, trigger, cooldownMs, uid, name, ended } of actions) {
    if (state.episodes[episode] !== undefined) continue;
    const running = { uid, name, trigger, cooldownMs, since: now };
    next = { ...next, episodes: { ...next.episodes, [episode]: { rung: 0, notBefore: {}, running } } };
    if (ended !== undefined) next = applyEnd(next, { uid, reason: ended.reason }, ended.at);
  }
  return next;
}

/** Far more revisions than Deployments keep; the state of a workflow is bounded. */
const MAX_SEEN_GOOD = 500;

/** The new level replaces the old one. Episodes that are quiet, idle and past their cooldown are forgotten. */
export function applyObservation(state: PolicyState, observation: Observation, now: number): PolicyState {
  const edited = observation.policyGeneration !== state.generation;
  const firing = new Set(observation.firing.map(episodeOf));
  const episodes = Object.fromEntries(
    Object.entries(state.episodes)
      .filter(
        ([key, episode]) =>
          firing.has(key) ||
          episode.running !== undefined ||
          Object.values(episode.notBefore).some((time) => time > now),
      )
      .map(([key, episode]) => {
        if (!edited) return [key, episode] as const;
        const { exhausted: _lifted, ...open } = episode;
        return [key, { ...open, rung: 0 }] as const; // the rungs may be others now
      }),
  );
  return {
    ...state,
    generation: observation.policyGeneration,
    firing: observation.firing,
    overflow: observation.overflow,
    selected: observation.selected,
    unhealthy: observation.unhealthy,
    seenGood: [...state.seenGood.filter((revision) => !observation.good.includes(revision)), ...observation.good].slice(
      -MAX_SEEN_GOOD,
    ),
    episodes,
    held: Object.fromEntries(Object.entries(state.held).filter(([key]) => firing.has(key))),
  };
}

/** What should be created now (oldest first, one per episode), and when to look again without any new message. */
export function due(
  state: PolicyState,
  now: number,
  limit: number,
): { readonly wanted: readonly Wanted[]; readonly nextAt: number | undefined } {
  const wanted = new Map<string, Wanted>();
  let nextAt: number | undefined;
  for (const firing of [...state.firing].sort(byAge)) {
    const key = episodeOf(firing);
    const episode = state.episodes[key];
    if (episode?.running !== undefined || episode?.exhausted !== undefined || wanted.has(key)) continue;
    const notBefore = episode?.notBefore[firing.trigger] ?? 0;
    if (notBefore > now) nextAt = Math.min(nextAt ?? notBefore, notBefore);
    else if (wanted.size < limit) wanted.set(key, { episode: key, rung: episode?.rung ?? 0, firing });
    else nextAt = now;
  }
  return { wanted: [...wanted.values()], nextAt };
}

/** By time, whatever its form; what is equally old has an order too, so that it does not matter in which it was told. */
const byAge = (a: Firing, b: Firing): number =>
  Date.parse(a.since) - Date.parse(b.since) || compare(orderOf(a), orderOf(b));
const orderOf = ({ trigger, subject }: Firing): string => `${subject.uid} ${trigger}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export function applyCreations(
  state: PolicyState,
  wanted: readonly Wanted[],
  creations: readonly Creation[],
  now: number,
): PolicyState {
  const episodes = { ...state.episodes };
  const held = new Map(Object.entries(state.held));
  for (const creation of creations) {
    const trigger = wanted.find((item) => item.episode === creation.episode)?.firing.trigger ?? '';
    const episode = episodes[creation.episode] ?? { rung: 0, notBefore: {} };
    if (creation.result === 'created') {
      const { uid, name, cooldownMs } = creation;
      episodes[creation.episode] = { ...episode, running: { uid, name, trigger, cooldownMs, since: now } };
      held.delete(creation.episode);
      continue;
    }
    held.set(creation.episode, creation.why);
    episodes[creation.episode] =
      creation.result === 'exhausted'
        ? { ...episode, exhausted: creation.why }
        : { ...episode, notBefore: { ...episode.notBefore, [trigger]: now + creation.retryAfterMs } };
  }
  return { ...state, episodes, held: Object.fromEntries(held) };
}

/** The rung that healed is the first to try next time; one that did not heal is not repeated. */
function rungAfter(rung: number, reason: OutcomeReason): number {
  switch (reason) {
    case 'Healed':
    case 'DryRunCompleted':
      return 0;
    case 'Refused':
    case 'Skipped':
    case 'NotHealed':
    case 'RolledBack':
    case 'NeedsHuman':
      return rung + 1;
    case 'Rejected':
    case 'Expired':
    case 'Aborted':
    case 'Deleted':
    case 'TargetGone':
    case 'PolicyDeleted':
      return rung;
  }
}

/** A person said no to this trouble: the policy does not ask again until it has ended. */
const DECLINED: ReadonlySet<OutcomeReason> = new Set<OutcomeReason>(['Rejected', 'Aborted', 'Deleted']);

/** While somebody's retry is under way, the policy makes no action of its own. Safe to repeat. */
export function applyRetry(state: PolicyState, started: RetryStarted, now: number): PolicyState {
  const { episode: key, uid, name, trigger, cooldownMs } = started;
  const episode = state.episodes[key] ?? { rung: 0, notBefore: {} };
  if (episode.running !== undefined) return state; // the lock of the target keeps the two apart
  const running = { uid, name, trigger, cooldownMs, since: now, retry: true } as const;
  return { ...state, episodes: { ...state.episodes, [key]: { ...episode, running } } };
}

/** Safe to repeat: an action that is not the running one changes nothing. */
export function applyEnd(state: PolicyState, ended: ActionEnded, now: number): PolicyState {
  const found = Object.entries(state.episodes).find(([, episode]) => episode.running?.uid === ended.uid);
  if (found === undefined) return state;
  const [key, { running, ...known }] = found;
  if (running === undefined) return state;
  const { exhausted: _over, ...open } = known;
  const healed = ended.reason === 'Healed';
  const episode = healed ? open : known; // only a retry runs when the policy has given up
  const next: Episode = {
    ...episode,
    rung: running.retry === true && !healed ? episode.rung : rungAfter(episode.rung, ended.reason),
    notBefore: { ...episode.notBefore, [running.trigger]: now + running.cooldownMs },
    ...(DECLINED.has(ended.reason) ? { exhausted: `${running.name} was ${ended.reason.toLowerCase()}` } : {}),
  };
  return { ...state, episodes: { ...state.episodes, [key]: next } };
}

export const runningActions = (state: PolicyState): readonly RunningAction[] =>
  Object.values(state.episodes).flatMap(({ running }) =>
    running === undefined ? [] : [{ uid: running.uid, name: running.name }],
  );
