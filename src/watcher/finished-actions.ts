import { API_VERSION, DEFAULTS, FINALIZER } from '../api/constants.ts';
import type { HealingAction } from '../api/healing-action.ts';
import type { HealingPolicy } from '../api/healing-policy.ts';
import type { KubeObject, ObjectMeta } from '../api/meta.ts';
import { findCondition, isTrue } from '../domain/condition.ts';
import { parseDuration } from '../domain/duration.ts';
import { isTerminal } from '../domain/outcome.ts';
import { removable, type FinishedAction, type RetentionRules } from '../domain/retention.ts';
import type { Clock } from '../ports/clock.ts';
import type { ObjectWatch, ObjectWatchPort } from '../ports/object-watch.ts';
import type { ActionRecords } from '../ports/records.ts';
import type { Logger } from '../telemetry/logger.ts';
import { madeByPolicy } from './made-by-policy.ts';

export interface FinishedActionsOptions {
  readonly watches: ObjectWatchPort;
  readonly actions: Pick<ActionRecords, 'read' | 'remove'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

type SlimMeta = Pick<ObjectMeta, 'name' | 'namespace' | 'uid' | 'resourceVersion'>;

interface WatchedEnd extends KubeObject {
  readonly metadata: SlimMeta;
  /** Absent while the action runs, and for those that no policy has made. */
  readonly finished?: FinishedAction & { readonly policyUid: string };
}

interface WatchedRules extends KubeObject {
  readonly metadata: SlimMeta;
  readonly rules: RetentionRules;
}

/** Changes that come together are looked at together. */
const SETTLE_MS = 1_000;
/** Removals come one after the other, at most so often. */
const PACE_MS = 100;
/** What could not be removed is tried again. */
const TRY_AGAIN_MS = 60_000;
/** However far off the next removal is. */
const LOOK_AGAIN_MS = 3_600_000;
/** A policy that is gone says nothing any more; its actions are kept as long as if it had said nothing. */
const UNSAID: RetentionRules = { ttlMs: parseDuration(DEFAULTS.ttlAfterFinished), cooldownMs: 0 };

/**
 * Removes finished actions that policies have made, when their time is up: `ttlAfterFinished`, or when there are too many;
 * never while limits or cooldowns have to be rebuilt from them. All that it knows follows from the objects themselves, so
 * it may be stopped at any time, and run twice.
 */
export class FinishedActions {
  readonly #options: FinishedActionsOptions;
  readonly #ends: ObjectWatch<WatchedEnd>;
  readonly #policies: ObjectWatch<WatchedRules>;
  /** uid → version of what the API server says is not to be removed, though it looked so in the watch. */
  readonly #stays = new Map<string, string>();
  /** When the next round is (milliseconds since the epoch). */
  #lookAt = Number.POSITIVE_INFINITY;
  #cancel = (): void => undefined;
  #round: Promise<void> | undefined;
  #seenAll = false;
  #stopped = false;

  constructor(options: FinishedActionsOptions) {
    this.#options = options;
    const onChange = (): void => {
      if (this.#seenAll) this.#lookIn(SETTLE_MS);
    };
    const scope = (kind: string) => ({ apiVersion: API_VERSION, kind });
    this.#ends = options.watches.watch<WatchedEnd>({ scope: scope('HealingAction'), project: projectEnd, onChange });
    this.#policies = options.watches.watch<WatchedRules>({
      scope: scope('HealingPolicy'),
      project: projectRules,
      onChange,
    });
  }

  start(): void {
    this.#ends.start();
    this.#policies.start();
    void Promise.all([this.#ends.ready, this.#policies.ready]).then(() => {
      this.#seenAll = true;
      this.#lookIn(0);
    });
  }

  /** Begins no removal more; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await Promise.all([this.#ends.stop(), this.#policies.stop(), this.#round]);
  }

  #lookIn(ms: number): void {
    const at = this.#options.clock.now() + ms;
    // A round that is under way looks again at its end; and many changes must not put off the next one for ever.
    if (this.#stopped || this.#round !== undefined || at >= this.#lookAt) return;
    this.#cancel();
    this.#lookAt = at;
    this.#cancel = this.#options.clock.after(ms, () => {
      this.#lookAt = Number.POSITIVE_INFINITY;
      this.#round = this.#look().then((wentWell) => {
        this.#round = undefined;
        this.#lookIn(wentWell ? this.#nextInMs() : TRY_AGAIN_MS);
      });
    });
  }

  #nextInMs(): number {
    const now = this.#options.clock.now();
    const { due, nextAt = Number.POSITIVE_INFINITY } = this.#removable(now);
    return Math.min(LOOK_AGAIN_MS, Math.max(SETTLE_MS, due.length > 0 ? 0 : nextAt - now));
  }

  /** Never rejects. */
  async #look(): Promise<boolean> {
    const { clock, logger } = this.#options;
    let removed = 0;
    for (const end of this.#removable(clock.now()).due) {
      if (this.#stopped) break;
      try {
        if (await this.#remove(end)) removed += 1;
      } catch (error) {
        logger.warn({ err: error, ...end.metadata }, 'finished action not removed; tried again later');
        return false; // it would be the same for the others
      }
      await new Promise<void>((resolve) => clock.after(PACE_MS, resolve));
    }
    if (removed > 0) logger.info({ removed }, 'finished actions removed');
    for (const uid of this.#stays.keys()) if (this.#ends.byUid(uid) === undefined) this.#stays.delete(uid);
    return true;
  }

  /** Judged by what the API server says now; and removed as it was judged, or not at all. */
  async #remove({ metadata: { namespace = '', name, uid, resourceVersion } }: WatchedEnd): Promise<boolean> {
    const { actions } = this.#options;
    const ref = { namespace, name, uid };
    const action = await actions.read(ref);
    if (action === undefined || finishedOf(action) === undefined) {
      this.#stays.set(uid, resourceVersion);
      return false;
    }
    return (await actions.remove(ref, action.metadata.resourceVersion)) === 'removed';
  }

  #removable(now: number): { readonly due: readonly WatchedEnd[]; readonly nextAt: number | undefined } {
    const byPolicy = Map.groupBy(
      [...this.#ends.values()].flatMap(({ finished, metadata: { uid, resourceVersion } }) =>
        finished === undefined || this.#stays.get(uid) === resourceVersion ? [] : [finished],
      ),
      ({ policyUid }) => policyUid,
    );
    const all = [...byPolicy].map(([uid, finished]) =>
      removable(finished, this.#policies.byUid(uid)?.rules ?? UNSAID, now),
    );
    const later = all.flatMap(({ nextAt }) => nextAt ?? []);
    return {
      due: all.flatMap(({ due }) => due.flatMap((uid) => this.#ends.byUid(uid) ?? [])),
      nextAt: later.length === 0 ? undefined : Math.min(...later),
    };
  }
}

const slim = ({ metadata: { name, namespace = '', uid, resourceVersion } }: KubeObject): SlimMeta => ({
  name,
  namespace,
  uid,
  resourceVersion,
});

function projectEnd(raw: KubeObject): WatchedEnd {
  const finished = finishedOf(raw as HealingAction); // the watch's scope says so
  return { metadata: slim(raw), ...(finished === undefined ? {} : { finished }) };
}

function finishedOf(action: HealingAction): WatchedEnd['finished'] {
  const { metadata, spec, status } = action;
  const { conditions, claim, completionTime } = status ?? {};
  if (!isTerminal(conditions) || !madeByPolicy(action)) return undefined;
  // Its workflow, or somebody else, has still something to do with it.
  if (metadata.deletionTimestamp !== undefined || metadata.finalizers?.includes(FINALIZER) === true) return undefined;
  const endedAt = Date.parse(completionTime ?? findCondition(conditions, 'Succeeded')?.lastTransitionTime ?? '');
  if (!Number.isFinite(endedAt)) return undefined;
  const acted = claim !== undefined || isTrue(conditions, 'Executed');
  return { uid: metadata.uid, endedAt, acted, policyUid: spec.policyRef.uid ?? '' };
}

function projectRules(raw: KubeObject): WatchedRules {
  const { triggers, ttlAfterFinished = DEFAULTS.ttlAfterFinished } = (raw as HealingPolicy).spec;
  const cooldowns = triggers.map(({ cooldownPeriod = DEFAULTS.cooldownPeriod }) => parseDuration(cooldownPeriod));
  return {
    metadata: slim(raw),
    rules: { ttlMs: parseDuration(ttlAfterFinished), cooldownMs: Math.max(0, ...cooldowns) },
  };
}
