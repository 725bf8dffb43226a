import type { HealingAction } from '../../api/healing-action.ts';
import type { Deployment } from '../../api/workloads.ts';
import { findCondition, isTrue } from '../../domain/condition.ts';
import type { Scenario } from './scenario.ts';

/** One trouble of one app, from the fault to the proof that it is over. Times are milliseconds since the epoch. */
export interface Incident {
  readonly app: string;
  /** Only the incident that the demo itself brought about. */
  readonly scenario?: Scenario;
  /** The write that broke the app: the rollout, or, if nobody changed anything, the report of the failure. */
  readonly faultAt?: number;
  /** The write that made the policy's trigger true. */
  readonly evidenceAt?: number;
  /** What was done about it so far, oldest first; more than one if the first did not heal. */
  readonly actions: readonly HealingAction[];
  readonly effectAt?: number;
  /** When its HealingAction said that fresh evidence proves the healing. */
  readonly verifiedAt?: number;
  /** When the demo itself saw, after that, that the app is complete and available. */
  readonly wellAt?: number;
}

/** What is known from elsewhere than the HealingActions. */
export interface Facts {
  /** Of the demo's own fault. */
  readonly injectedAt?: number;
  /** When the condition first held for a pod, by `<pod> <condition>`. */
  readonly evidence: ReadonlyMap<string, number>;
  /** When the API server took the effect, by uid of the HealingAction. */
  readonly effects: ReadonlyMap<string, number>;
  /** When the app was seen well after the verification, by uid of the HealingAction. */
  readonly well: ReadonlyMap<string, number>;
}

export const evidenceKey = (pod: string, condition: string): string => `${pod} ${condition}`;

/** The Deployment that an action is about: its target, or for a pod what controls it. */
export function appOf({ spec, status }: HealingAction): string {
  const { kind, name } = spec.targetResource;
  if (kind !== 'Pod') return name;
  // Before there is a plan: a pod of a Deployment is called <deployment>-<template>-<random>.
  return status?.plan?.parameters?.['workloadName'] ?? name.replace(/-[a-z0-9]+-[a-z0-9]+$/, '');
}

export const hasHealed = ({ status }: HealingAction): boolean => isTrue(status?.conditions, 'Succeeded');

/** Until a healing of it was proven. */
export const isOpen = ({ actions }: Incident): boolean => !actions.some(hasHealed);

/** Rolled out and available as it is wanted now. */
export function isWell({ metadata, spec, status }: Deployment): boolean {
  const wanted = spec.replicas ?? 1;
  return (
    status !== undefined &&
    (status.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
    [status.replicas, status.updatedReplicas, status.availableReplicas].every((count) => (count ?? 0) === wanted)
  );
}

/** The incidents of one app, oldest first. `actions` are all of the app's, oldest first; each success ends an incident. */
export function incidentsOf(
  app: string,
  actions: readonly HealingAction[],
  facts: Facts,
  scenario?: Scenario,
): readonly Incident[] {
  const groups: HealingAction[][] = [];
  let open = false;
  for (const action of actions) {
    if (!open) groups.push([]);
    groups.at(-1)?.push(action);
    open = !hasHealed(action);
  }
  if (groups.length === 0 && facts.injectedAt !== undefined) groups.push([]);
  return groups.map((group, index) => incident(app, group, facts, index === 0 ? scenario : undefined));
}

function incident(app: string, actions: readonly HealingAction[], facts: Facts, scenario?: Scenario): Incident {
  const evidenceAt = evidenceOf(app, actions[0], facts, scenario);
  const faultAt = scenario?.patch === undefined ? evidenceAt : facts.injectedAt;
  const last = actions.at(-1);
  const executed = findCondition(last?.status?.conditions, 'Executed');
  const verified = findCondition(last?.status?.conditions, 'Verified');
  // The audit log lacks the line of a write during which the API server was killed; the record comes right after it.
  const effectAt =
    last === undefined
      ? undefined
      : (facts.effects.get(last.metadata.uid) ??
        (executed?.status === 'True' ? Date.parse(executed.lastTransitionTime) : undefined));
  const wellAt = last === undefined ? undefined : facts.well.get(last.metadata.uid);
  return {
    app,
    actions,
    ...(scenario === undefined ? {} : { scenario }),
    ...(faultAt === undefined ? {} : { faultAt }),
    ...(evidenceAt === undefined ? {} : { evidenceAt }),
    ...(effectAt === undefined ? {} : { effectAt }),
    ...(verified?.status === 'True' ? { verifiedAt: Date.parse(verified.lastTransitionTime) } : {}),
    ...(wellAt === undefined ? {} : { wellAt }),
  };
}

function evidenceOf(
  app: string,
  first: HealingAction | undefined,
  facts: Facts,
  scenario?: Scenario,
): number | undefined {
  const trigger = first?.spec.trigger;
  if (trigger?.condition !== undefined) {
    const pod = trigger.subject?.split('/').at(-1) ?? '';
    return facts.evidence.get(evidenceKey(pod, trigger.condition.type)) ?? timeOf(trigger.since);
  }
  if (first !== undefined || scenario === undefined) return undefined;
  const times = [...facts.evidence]
    .filter(([key]) => key.startsWith(`${app}-`) && key.endsWith(` ${scenario.condition}`))
    .map(([, time]) => time)
    .filter((time) => time >= (facts.injectedAt ?? 0));
  return times.length === 0 ? undefined : Math.min(...times);
}

const timeOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
