import { setImmediate as nextTurn } from 'node:timers/promises';
import { controllerOf } from '../domain/owner-chain.ts';
import type { ObjectChange, ObjectWatchPort } from '../ports/object-watch.ts';
import type { PolicyObserverPort } from '../ports/policy-observer.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Clock } from '../ports/clock.ts';
import { systemClock } from './clock.ts';
import { DetectorCounters, type DetectorFigures } from './counters.ts';
import { Inventory } from './inventory.ts';
import { Orphans } from './orphans.ts';
import { ObservationSender } from './observation-sender.ts';
import { PolicyLevel } from './policy-level.ts';
import { projectPod, projectPolicy, projectWorkload, type Observed, type ObservedPolicy } from './project.ts';
import { Rechecks } from './rechecks.ts';
import { defaultTimings, type DetectorTimings } from './timings.ts';
import { WatchSet } from './watch-set.ts';

export interface DetectorOptions {
  readonly watches: ObjectWatchPort;
  readonly observer: PolicyObserverPort;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Only what differs from {@link defaultTimings}. */
  readonly timings?: Partial<DetectorTimings>;
}

interface Watched {
  level: PolicyLevel;
  /** Whether every object has been looked at for this level. */
  complete: boolean;
  readonly sender: ObservationSender;
}

/** Looking at many objects gives way to others this often (milliseconds). */
const SLICE_MS = 10;

const POLICIES = { apiVersion: 'kubeskippy.io/v1alpha1', kind: 'HealingPolicy' };
const PODS = { apiVersion: 'v1', kind: 'Pod' };
const WORKLOADS = ['ReplicaSet', 'Deployment', 'StatefulSet', 'DaemonSet'].map((kind) => ({
  apiVersion: 'apps/v1',
  kind,
}));

/**
 * Watches policies and workloads, asks the triggers about whatever changes, and keeps each policy's workflow informed of
 * what is true now. Decides nothing and writes nothing: all that it knows it can learn again from the API server. It says
 * nothing before it has seen everything, nor while a watch is silent: old evidence is no evidence.
 */
export class Detector {
  /** Resolves when everything that exists has been seen once. */
  readonly ready: Promise<void>;
  readonly #options: DetectorOptions;
  readonly #clock: Clock;
  readonly #timings: DetectorTimings;
  readonly #counters = new DetectorCounters();
  readonly #inventory = new Inventory<Observed>();
  /** namespace → uid of a policy there → what is known for it. */
  readonly #policies = new Map<string, Map<string, Watched>>();
  readonly #rechecks: Rechecks;
  readonly #watches: WatchSet;
  readonly #orphans: Orphans;
  #seenAll = false;
  #stopped = false;
  #reportedStale = '';
  #cancelCheck = (): void => undefined;

  constructor(options: DetectorOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timings = { ...defaultTimings, ...options.timings };
    this.#rechecks = new Rechecks(this.#clock, (uid) => {
      const object = this.#inventory.get(uid);
      if (object !== undefined) this.#evaluate(object);
    });
    this.#orphans = new Orphans({
      observer: options.observer,
      clock: this.#clock,
      timings: this.#timings,
      logger: options.logger,
      exists: (uid) => [...this.#policies.values()].some((policies) => policies.has(uid)),
      certain: () => this.staleKinds.length === 0,
    });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.ready = promise;
    this.#watches = new WatchSet(options.watches, () => {
      this.#seenAll = true;
      resolve(undefined);
      for (const watched of this.#allWatched()) void this.#evaluateFor(watched);
      if (!this.#stopped) this.#orphans.start();
    });
    this.#watches.add<ObservedPolicy>({
      scope: POLICIES,
      project: projectPolicy,
      onChange: (change) => this.#policyChanged(change),
    });
    const onChange = (change: ObjectChange<Observed>): void => {
      this.#objectChanged(change);
    };
    this.#watches.add<Observed>({ scope: PODS, project: projectPod, onChange });
    for (const scope of WORKLOADS) this.#watches.add<Observed>({ scope, project: projectWorkload(scope), onChange });
  }

  start(): void {
    this.#watches.start();
    this.#checkLater();
  }

  /** Resolves when no message is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelCheck();
    await this.#watches.stop();
    this.#rechecks.stop();
    await this.#orphans.stop();
    await Promise.all([...this.#allWatched()].map(({ sender }) => sender.stop()));
  }

  /** Kinds whose watch has nothing current to tell; while there are any, nothing is sent. */
  get staleKinds(): readonly string[] {
    return this.#watches.stale(this.#timings.staleAfterMs);
  }

  get figures(): DetectorFigures {
    return this.#counters.read();
  }

  #objectChanged(change: ObjectChange<Observed>): void {
    const began = performance.now();
    const { object } = change;
    if (change.type === 'deleted') this.#inventory.remove(object.metadata.uid);
    else this.#inventory.put(object);
    if (this.#seenAll) {
      if (change.type === 'deleted') this.#forget(object);
      else this.#evaluate(object);
      if (change.type !== 'updated' || movesOthers(change.object, change.previous))
        for (const dependent of this.#inventory.below(object.metadata.uid)) this.#evaluate(dependent);
    }
    this.#counters.took(performance.now() - began);
  }

  #evaluate(object: Observed): void {
    const { uid, namespace = '' } = object.metadata;
    const policies = this.#policies.get(namespace);
    if (policies === undefined) return;
    const chain = this.#inventory.chainOf(object);
    const now = this.#clock.now();
    let recheckAfterMs = Number.POSITIVE_INFINITY;
    for (const { level, sender } of policies.values()) {
      const change = level.evaluate(object, chain, now);
      this.#counters.evaluations += change.evaluations;
      recheckAfterMs = Math.min(recheckAfterMs, change.recheckAfterMs ?? recheckAfterMs);
      if (change.changed) sender.poke();
    }
    this.#rechecks.set(uid, Number.isFinite(recheckAfterMs) ? recheckAfterMs : undefined);
  }

  #forget({ metadata: { uid, namespace = '' } }: Observed): void {
    this.#rechecks.set(uid, undefined);
    for (const { level, sender } of this.#policies.get(namespace)?.values() ?? []) if (level.forget(uid)) sender.poke();
  }

  async #policyChanged({ type, object }: ObjectChange<ObservedPolicy>): Promise<void> {
    const { uid, namespace = '', name, deletionTimestamp } = object.metadata;
    const policies = this.#policies.get(namespace) ?? new Map<string, Watched>();
    const watched = policies.get(uid);
    if (type === 'deleted' || deletionTimestamp !== undefined) {
      policies.delete(uid);
      if (policies.size === 0) this.#policies.delete(namespace);
      await watched?.sender.stop(); // a message after the last one would start the workflow again
      const policy = { namespace, name, uid };
      await this.#options.observer.policyDeleted(policy);
      return;
    }
    if (watched?.level.generation === object.metadata.generation) return; // only its status or metadata changed
    const level = new PolicyLevel(object, watched?.level);
    if (level.faultyTriggers.length > 0)
      this.#options.logger.warn({ policy: level.policy, faults: level.faultyTriggers }, 'triggers cannot be evaluated');
    const current = watched ?? this.#watch(level);
    current.level = level;
    current.complete = false;
    policies.set(uid, current);
    this.#policies.set(namespace, policies);
    if (this.#seenAll) await this.#evaluateFor(current);
  }

  #watch(level: PolicyLevel): Watched {
    const { observer, logger } = this.#options;
    const sender = new ObservationSender({
      observer,
      observation: () => watched.level.observation(this.#clock.now()),
      fresh: () => watched.complete && this.staleKinds.length === 0,
      clock: this.#clock,
      timings: this.#timings,
      counters: this.#counters,
      logger,
    });
    const watched: Watched = { level, complete: false, sender };
    return watched;
  }

  /** Looks at every object of the policy's namespace; what changes meanwhile is looked at as it comes. */
  async #evaluateFor(watched: Watched): Promise<void> {
    const { level, sender } = watched;
    const { namespace } = level.policy;
    let began = performance.now();
    for (const { metadata } of [...this.#inventory.inNamespace(namespace)]) {
      const object = this.#inventory.get(metadata.uid);
      if (object === undefined) continue;
      const change = level.evaluate(object, this.#inventory.chainOf(object), this.#clock.now());
      this.#counters.evaluations += change.evaluations;
      this.#rechecks.noLaterThan(metadata.uid, change.recheckAfterMs);
      if (performance.now() - began < SLICE_MS) continue;
      await nextTurn();
      began = performance.now();
      const current = this.#policies.get(namespace)?.get(level.policy.uid);
      if (this.#stopped || current?.level !== level) return;
    }
    watched.complete = true;
    sender.poke();
  }

  *#allWatched(): Generator<Watched> {
    for (const policies of this.#policies.values()) yield* policies.values();
  }

  /** Notices that the evidence has gone stale or come back, as no event tells. */
  #checkLater(): void {
    this.#cancelCheck = this.#clock.after(this.#timings.checkEveryMs, () => {
      const stale = this.staleKinds.join(', ');
      if (stale === '') for (const { sender } of this.#allWatched()) sender.poke();
      if (stale !== this.#reportedStale) this.#report(stale);
      this.#checkLater();
    });
  }

  #report(stale: string): void {
    this.#reportedStale = stale;
    if (stale === '') this.#options.logger.info('all watches are current again');
    else this.#options.logger.warn({ kinds: stale }, 'policies are told nothing: watches are not current');
  }
}

/** Whether policies may select the objects below it, or reach it from them, in another way than before. */
const movesOthers = (object: Observed, previous: Observed): boolean =>
  controllerOf(object)?.uid !== controllerOf(previous)?.uid ||
  JSON.stringify(object.metadata.labels) !== JSON.stringify(previous.metadata.labels);
