import type { KubeObject } from '../api/meta.ts';
import type { ConditionTrigger } from '../api/shared.ts';
import type { Pod } from '../api/workloads.ts';
import { formatDuration, parseDuration } from '../domain/duration.ts';
import { sinceWhen, type Fact } from './condition/fact.ts';
import { containerState, isContainerState } from './condition/pod-state.ts';
import { mayHaveCondition, statusCondition } from './condition/status-condition.ts';
import { evidenceLine, type Earlier, type Evaluation, type TriggerDefinition } from './define-trigger.ts';

const DEFAULT_STATUS = 'True';
const DEFAULT_DURATION = '2m';

/** Fires while the object, or a container of the Pod, has been in a certain state for long enough. */
export const condition: TriggerDefinition = {
  type: 'condition',
  compile(trigger) {
    const spec = trigger.conditionTrigger;
    if (spec === undefined) throw new TypeError('a trigger of type condition needs conditionTrigger');
    durationOf(spec);
    return {
      concerns: (kind) => (isContainerState(spec.type) ? kind === 'Pod' : mayHaveCondition(spec.type, kind)),
      evaluate: ({ object, now, earlier }) => evaluateCondition(spec, object, now, earlier),
    };
  },
};

/**
 * Whether the trigger is true of the object at `now` (milliseconds since the epoch). The same question is asked when a
 * fault is looked for and when a healing is verified. Objects that are being deleted and Pods that have ended are never
 * faulty: nothing could be healed. Throws a TypeError for a duration that is none.
 */
export function evaluateCondition(
  trigger: ConditionTrigger,
  object: KubeObject,
  now: number,
  earlier?: Earlier,
): Evaluation {
  const over = whyOver(object);
  if (over !== undefined) return { state: 'not-firing', evidence: over };
  const fact = factOf(trigger.type, object, now);
  const evidence = evidenceLine(fact.evidence);
  const changes = fact.changesAfterMs;
  if (!fact.known) return { state: 'unknown', evidence, ...recheck(changes) };
  if (fact.value !== (trigger.status ?? DEFAULT_STATUS)) return { state: 'not-firing', evidence, ...recheck(changes) };

  const since = sinceWhen(fact.since, earlier, now);
  const sinceText = new Date(since).toISOString();
  // Since a moment ahead of our clock means that the clocks differ.
  const missing = durationOf(trigger) - Math.max(0, now - since);
  if (missing <= 0) return { state: 'firing', since: sinceText, evidence, ...recheck(changes) };
  return {
    state: 'not-firing',
    since: sinceText,
    evidence: evidenceLine(`not yet for ${formatDuration(durationOf(trigger))}: ${fact.evidence}`),
    ...recheck(Math.min(missing, changes ?? missing)),
  };
}

const durationOf = (trigger: ConditionTrigger): number => parseDuration(trigger.duration ?? DEFAULT_DURATION);

const recheck = (ms: number | undefined): { readonly recheckAfterMs?: number } =>
  ms === undefined ? {} : { recheckAfterMs: Math.ceil(ms) };

const isPod = (object: KubeObject): object is Pod => object.kind === 'Pod';

function factOf(type: string, object: KubeObject, now: number): Fact {
  if (!isContainerState(type)) return statusCondition(type, object);
  return isPod(object)
    ? containerState(type, object, now)
    : { known: false, evidence: `${object.kind ?? 'the object'} has no containers` };
}

function whyOver(object: KubeObject): string | undefined {
  if (object.metadata.deletionTimestamp !== undefined) return 'being deleted';
  const phase = isPod(object) ? object.status?.phase : undefined;
  return phase === 'Succeeded' || phase === 'Failed' ? `the Pod has ended: ${phase}` : undefined;
}
