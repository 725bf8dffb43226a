import type { HealingAction } from '../../api/healing-action.ts';
import type { HealingPolicy } from '../../api/healing-policy.ts';
import type { Deployment, Pod } from '../../api/workloads.ts';
import { isTrue } from '../../domain/condition.ts';
import { isTerminal } from '../../domain/outcome.ts';
import { containerState } from '../../triggers/condition/pod-state.ts';
import { accepted, auditTime, type AuditEntry } from './audit-log.ts';
import { heldBack } from './held-back.ts';
import { appOf, evidenceKey, incidentsOf, isWell, type Facts, type Incident } from './incident.ts';
import { injectionAuditId, scenarios } from './scenario.ts';

/** One Deployment of the demo's namespace, and what has happened to it. */
export interface App {
  readonly name: string;
  readonly wanted: number;
  readonly available: number;
  readonly well: boolean;
  /** Oldest first. */
  readonly incidents: readonly Incident[];
  /** Why nothing is done although a trigger fires; absent while none does, or something is being done. */
  readonly held?: string;
}

const CONDITIONS = scenarios.map(({ condition }) => condition);

/**
 * All that the demo has learned, from watches of the API server and from its audit log. It only ever adds up what it is
 * told, in whatever order: the figures come out of {@link Apps.list}.
 */
export class Apps {
  readonly #deployments = new Map<string, Deployment>();
  readonly #actions = new Map<string, HealingAction>();
  readonly #policies = new Map<string, HealingPolicy>();
  readonly #injected = new Map<string, number>();
  readonly #evidence = new Map<string, number>();
  readonly #effects = new Map<string, number>();
  readonly #well = new Map<string, number>();

  deployment(deployment: Deployment): void {
    this.#deployments.set(deployment.metadata.name, deployment);
    this.#noteWell();
  }

  deploymentGone(name: string): void {
    this.#deployments.delete(name);
  }

  policy(policy: HealingPolicy): void {
    this.#policies.set(policy.metadata.name, policy);
  }

  /** Whether there is something good to go back to, and a policy that looks after it. */
  isUp(name: string): boolean {
    const deployment = this.#deployments.get(name);
    const policy = this.#policies.get(name);
    return deployment !== undefined && isWell(deployment) && isTrue(policy?.status?.conditions, 'Ready');
  }

  /** Records stay when the object is gone. */
  action(action: HealingAction): void {
    this.#actions.set(action.metadata.uid, action);
    this.#noteWell();
  }

  audited(entry: AuditEntry): void {
    if (!accepted(entry)) return;
    const at = auditTime(entry);
    const { resource, subresource, name = '' } = entry.objectRef ?? {};
    const scenario = scenarios.find((candidate) => injectionAuditId(candidate) === entry.auditID);
    if (scenario !== undefined) this.#injected.set(scenario.app, at);
    const effect = /^ks\/([^/]+)\/execute\/(?!.*\/claim$)/.exec(entry.auditID);
    if (effect?.[1] !== undefined && !this.#effects.has(effect[1])) this.#effects.set(effect[1], at);
    if (resource === 'pods' && subresource === 'status') this.#podReported(name, entry.requestObject, at);
  }

  /** Those that the demo came with first, in its order. */
  list(): readonly App[] {
    const own = scenarios.map(({ app }) => app);
    const actions = Map.groupBy(this.#actions.values(), appOf);
    const others = [...this.#deployments.keys(), ...actions.keys()].filter((name) => !own.includes(name)).sort();
    return [...own, ...new Set(others)].map((name) => this.#app(name, actions.get(name) ?? []));
  }

  #app(name: string, actions: readonly HealingAction[]): App {
    const deployment = this.#deployments.get(name);
    const injectedAt = this.#injected.get(name);
    const facts: Facts = {
      evidence: this.#evidence,
      effects: this.#effects,
      well: this.#well,
      ...(injectedAt === undefined ? {} : { injectedAt }),
    };
    const scenario = scenarios.find(({ app }) => app === name);
    const incidents = incidentsOf(name, actions, facts, scenario);
    const last = actions.at(-1);
    const policy = this.#policies.get(last?.spec.policyRef.name ?? name);
    const busy = last !== undefined && !isTerminal(last.status?.conditions);
    const held = policy === undefined || busy ? undefined : heldBack(policy, last, Date.now());
    return {
      name,
      wanted: deployment?.spec.replicas ?? 0,
      available: deployment?.status?.availableReplicas ?? 0,
      well: deployment !== undefined && isWell(deployment),
      incidents,
      ...(held === undefined ? {} : { held }),
    };
  }

  #podReported(name: string, body: unknown, at: number): void {
    const pod = { metadata: { name }, ...(body as object) } as Pod;
    for (const condition of CONDITIONS) {
      const key = evidenceKey(name, condition);
      if (this.#evidence.has(key)) continue;
      const fact = containerState(condition, pod, at);
      if (fact.known && fact.value === 'True') this.#evidence.set(key, at);
    }
  }

  /** The demo does not take the healer's word for it: it looks at the Deployment itself once it is called verified. */
  #noteWell(): void {
    for (const action of this.#actions.values()) {
      const { uid } = action.metadata;
      if (this.#well.has(uid) || !isTrue(action.status?.conditions, 'Verified')) continue;
      const deployment = this.#deployments.get(appOf(action));
      if (deployment !== undefined && isWell(deployment)) this.#well.set(uid, Date.now());
    }
  }
}
