import type { Trigger } from '../api/healing-policy.ts';
import type { KubeObject, OwnerReference } from '../api/meta.ts';
import {
  GOOD_AFTER_MS,
  MAX_FIRINGS_PER_OBSERVATION,
  MAX_GOOD_PER_OBSERVATION,
  type Firing,
  type Observation,
} from '../domain/firing.ts';
import { nameAt } from '../domain/naming.ts';
import { controllerOf } from '../domain/owner-chain.ts';
import { revisionKey, REVISION_HASH } from '../domain/revision-key.ts';
import { compileSelection, targetRefOf, type Selection } from '../domain/selection.ts';
import type { ObjectRef, TargetRef } from '../domain/target-ref.ts';
import type { CompiledTrigger, Earlier, Evaluation, EvaluationInput } from '../triggers/define-trigger.ts';
import { compileTrigger, isHonoured } from '../triggers/index.ts';
import type { Observed, ObservedPolicy } from './project.ts';

/**
 * How long a firing outlives the evidence for it. The status of a Deployment says nothing for the moment between any
 * write to it and the answer of its controller; a trouble must not seem to end and begin anew each time.
 */
const UNKNOWN_GRACE_MS = 10_000;

export interface LevelChange {
  /** Other firings than before; new evidence for the same ones is no change. */
  readonly changed: boolean;
  /** Triggers asked. */
  readonly evaluations: number;
  /** Milliseconds after which the object must be looked at again even if it does not change. */
  readonly recheckAfterMs: number | undefined;
}

interface NamedTrigger {
  readonly name: string;
  readonly compiled: CompiledTrigger;
  /** The same text means the same question. */
  readonly question: string;
}

interface Entry {
  readonly firing: Firing;
  readonly unknownSince?: number;
}

/** Per question the last answer's `since`; a question that is not in it was never asked. */
type Answers = ReadonlyMap<string, string | undefined>;

/** All that is true now of the objects that one policy selects: per object and trigger at most one firing. */
export class PolicyLevel {
  readonly policy: ObjectRef;
  readonly generation: number;
  /** Triggers that cannot be asked, with the reason; the others are. */
  readonly faultyTriggers: readonly string[];
  readonly #selection: Selection;
  readonly #triggers: readonly NamedTrigger[];
  readonly #selected = new Set<string>();
  readonly #firings = new Map<string, Map<number, Entry>>();
  /** Pods of selected Deployments that are ready: of which revision, and since when (milliseconds). */
  readonly #ready = new Map<string, { readonly revision: string; readonly since: number }>();
  readonly #answers: Map<string, Answers>;
  /** Shared by all objects of which nothing is true, which is nearly all. */
  readonly #allQuiet: Answers;

  /** `before` is the level of the same policy before an edit: what it saw still counts for triggers that stay as they were. */
  constructor({ metadata, spec }: ObservedPolicy, before?: PolicyLevel) {
    const { name, namespace = '', uid, generation = 0 } = metadata;
    this.policy = { namespace, name, uid };
    this.generation = generation;
    this.#selection = compileSelection(spec.selector, namespace);
    const compiled = spec.triggers.map((trigger, index) => compile(trigger, index));
    this.#triggers = compiled.filter((trigger) => typeof trigger === 'object');
    this.faultyTriggers = compiled.filter((fault) => typeof fault === 'string');
    this.#answers = new Map(before === undefined ? [] : before.#answers);
    this.#allQuiet = new Map(this.#triggers.map(({ question }) => [question, undefined]));
  }

  /** Brings the level up to date with one object, whose controllers follow it in `chain`. `now`: milliseconds since the epoch. */
  evaluate(object: Observed, chain: readonly KubeObject[], now: number): LevelChange {
    const { uid } = object.metadata;
    const selected = this.#selection.selects(object);
    if (selected) this.#selected.add(uid);
    else this.#selected.delete(uid);
    // A workload speaks for itself only: a ReplicaSet repeats the conditions of its Deployment.
    const candidates = selected || object.kind === 'Pod' ? this.#selection.candidates(chain) : [];
    this.#noteReady(object, candidates);
    if (candidates.length === 0) {
      this.#answers.delete(uid);
      return { changed: this.#firings.delete(uid), evaluations: 0, recheckAfterMs: undefined };
    }

    const before = this.#firings.get(uid);
    const after = new Map<number, Entry>();
    const answers = new Map<string, string | undefined>();
    let recheckAfterMs: number | undefined;
    let evaluations = 0;
    for (const [index, trigger] of this.#triggers.entries()) {
      if (!trigger.compiled.concerns(object.kind)) continue;
      const evaluation = ask(trigger.compiled, { object, now, earlier: this.#earlier(uid, trigger) });
      evaluations += 1;
      answers.set(trigger.question, 'since' in evaluation ? evaluation.since : undefined);
      const entry = entryOf(evaluation, before?.get(index), now, (known) => ({
        trigger: trigger.name,
        subject: targetRefOf(object),
        candidates,
        ...known,
      }));
      if (entry !== undefined) after.set(index, entry);
      recheckAfterMs = sooner(recheckAfterMs, evaluation.recheckAfterMs);
      if (entry?.unknownSince !== undefined)
        recheckAfterMs = sooner(recheckAfterMs, entry.unknownSince + UNKNOWN_GRACE_MS - now);
    }
    const quiet = [...answers.values()].every((since) => since === undefined);
    this.#answers.set(uid, quiet && answers.size === this.#allQuiet.size ? this.#allQuiet : answers);
    if (after.size > 0) this.#firings.set(uid, after);
    else this.#firings.delete(uid);
    return { changed: keyOf(before) !== keyOf(after), evaluations, recheckAfterMs };
  }

  /** The object is gone. Returns whether the level changed. */
  forget(uid: string): boolean {
    this.#selected.delete(uid);
    this.#answers.delete(uid);
    this.#ready.delete(uid);
    return this.#firings.delete(uid);
  }

  /** The whole level, oldest first. `now`: milliseconds since the epoch. */
  observation(now: number): Observation {
    const all = [...this.#firings.values()].flatMap((entries) => [...entries.values()].map(({ firing }) => firing));
    all.sort(byAge);
    const firing = all.slice(0, MAX_FIRINGS_PER_OBSERVATION);
    return {
      policy: this.policy,
      policyGeneration: this.generation,
      firing,
      overflow: all.length - firing.length,
      selected: this.#selected.size,
      unhealthy: new Set(all.map(({ candidates, subject }) => (candidates[0] ?? subject).uid)).size,
      good: this.#goodRevisions(now),
    };
  }

  #noteReady(object: Observed, candidates: readonly TargetRef[]): void {
    if (object.kind !== 'Pod') return;
    const { uid, deletionTimestamp } = object.metadata;
    const owner = controllerOf(object);
    const ready = object.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'True');
    const undoable = candidates.some(({ kind }) => REVISED.has(kind));
    const revision = owner && undoable ? revisionOf(object, owner) : undefined;
    if (revision === undefined || deletionTimestamp !== undefined || typeof ready?.lastTransitionTime !== 'string')
      this.#ready.delete(uid);
    else this.#ready.set(uid, { revision, since: Date.parse(ready.lastTransitionTime) });
  }

  #goodRevisions(now: number): string[] {
    const good = [...this.#ready.values()].filter(({ since }) => now - since >= GOOD_AFTER_MS);
    return [...new Set(good.map(({ revision }) => revision))].sort().slice(0, MAX_GOOD_PER_OBSERVATION);
  }

  #earlier(uid: string, { question }: NamedTrigger): Earlier | undefined {
    const answers = this.#answers.get(uid);
    if (answers?.has(question) !== true) return undefined;
    const since = answers.get(question);
    return since === undefined ? {} : { since };
  }
}

/** Kinds that can go back to an earlier revision. */
const REVISED: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet']);

/** What the revision that a pod was made from is remembered by. */
function revisionOf(pod: Observed, owner: OwnerReference): string | undefined {
  if (owner.kind === 'ReplicaSet') return owner.uid;
  const mark = pod.metadata.labels?.[REVISION_HASH];
  return mark === undefined || !REVISED.has(owner.kind) ? undefined : revisionKey(owner, mark);
}

/** The trigger, ready to be asked; a text that says why it cannot be; undefined for a type that is not honoured. */
function compile(trigger: Trigger, index: number): NamedTrigger | string | undefined {
  const name = nameAt(trigger, index);
  if (!isHonoured(trigger.type)) return undefined;
  try {
    const { name: _name, cooldownPeriod: _cooldown, ...question } = trigger;
    return { name, compiled: compileTrigger(trigger), question: JSON.stringify(question) };
  } catch (error) {
    return `trigger ${name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** An object of a shape that nobody expected must not keep others from being judged. */
function ask(trigger: CompiledTrigger, input: EvaluationInput): Evaluation {
  try {
    return trigger.evaluate(input);
  } catch (error) {
    return { state: 'unknown', evidence: `cannot be judged: ${String(error)}` };
  }
}

function entryOf(
  evaluation: Evaluation,
  before: Entry | undefined,
  now: number,
  firing: (known: Pick<Firing, 'since' | 'evidence'>) => Firing,
): Entry | undefined {
  if (evaluation.state === 'firing')
    return { firing: firing({ since: evaluation.since, evidence: evaluation.evidence }) };
  if (evaluation.state === 'not-firing' || before === undefined) return undefined;
  const unknownSince = before.unknownSince ?? now;
  return now - unknownSince < UNKNOWN_GRACE_MS ? { firing: before.firing, unknownSince } : undefined;
}

const uids = (refs: readonly TargetRef[]): string => refs.map(({ uid }) => uid).join(',');

const keyOf = (entries: ReadonlyMap<number, Entry> | undefined): string =>
  entries === undefined ? '' : [...entries.values()].map(({ firing }) => firingKey(firing)).join(';');

/** Equal for firings that mean the same to whoever acts on them. */
export const firingKey = ({ trigger, subject, candidates, since }: Firing): string =>
  [trigger, subject.uid, since, uids(candidates)].join(' ');

function byAge(a: Firing, b: Firing): number {
  return compare(a.since, b.since) || compare(a.subject.uid, b.subject.uid) || compare(a.trigger, b.trigger);
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const sooner = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
