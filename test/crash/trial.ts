import { setTimeout as sleep } from 'node:timers/promises';
import { API_VERSION } from '../../src/api/constants.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import { isKubeError } from '../../src/adapters/kubernetes/kube-error.ts';
import { resourceOf, resources, type Resource } from '../../src/adapters/kubernetes/resource.ts';
import type { Cell } from './cell.ts';
import type { Observer } from './oracle/observer.ts';
import { hasLetGo, isTarget, type History } from './oracle/history.ts';
import type { AuditTail } from './oracle/audit-tail.ts';
import type { Ground, Prepared } from './scenario.ts';

const ENDS_WITHIN_MS = 150_000;
const LOOK_EVERY_MS = 50;
const BUSY_EVERY_MS = 50;
const NAME = 'healing';
const POLICY = 'grants';
/** What must stay as it is. */
const BYSTANDER = 'bystander';

function known(resource: Resource | undefined): Resource {
  if (resource === undefined) throw new Error('the scenario names a kind that KubeSkippy does not know');
  return resource;
}

/** One healing in a namespace of its own, from what it is for to what became of it. */
export class Trial {
  readonly cell: Cell;
  readonly namespace: string;
  readonly #ground: Ground;
  readonly #observer: Observer;
  readonly #prepared: Prepared;
  #since = 0;
  #approvedPlan: string | undefined;
  #unfired: string[] = [];
  #deleted = false;
  auditMayLack = false;
  lingers = false;
  /** It proves nothing, and its cell is played once more. */
  isRepeated = false;

  private constructor(cell: Cell, ground: Ground, observer: Observer, prepared: Prepared) {
    this.cell = cell;
    this.namespace = ground.namespace;
    this.#ground = ground;
    this.#observer = observer;
    this.#prepared = prepared;
  }

  static async prepare(cell: Cell, ground: Ground, observer: Observer): Promise<Trial> {
    const { admin, namespace } = ground;
    const { scenario } = cell;
    await admin.create(resources.namespaces, {}, { metadata: { name: namespace } });
    await admin.create(resources.deployments, ground, {
      metadata: { name: BYSTANDER },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: BYSTANDER } },
        template: { metadata: { labels: { app: BYSTANDER } }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
      },
    });
    const prepared = await scenario.prepare(ground);
    const { apiVersion, kind } = prepared.target;
    await admin.create(resources.healingPolicies, ground, {
      apiVersion: API_VERSION,
      kind: 'HealingPolicy',
      metadata: { name: POLICY },
      spec: {
        mode: 'automatic',
        selector: { resources: [{ apiVersion, kind }] },
        triggers: [],
        actions: [scenario.action],
        safetyRules: { maxActionsPerHour: 10 },
        verification: { stabilizationWindow: '0s', timeout: '60s' },
        ...scenario.policy,
      },
    });
    return new Trial(cell, ground, observer, prepared);
  }

  /** Asks for the healing. */
  async begin(): Promise<void> {
    const { scenario } = this.cell;
    const { metadata } = await onceItServes(() =>
      this.#ground.admin.create<HealingAction>(resources.healingActions, this.#ground, {
        apiVersion: API_VERSION,
        kind: 'HealingAction',
        metadata: { name: NAME },
        spec: {
          policyRef: { name: POLICY, namespace: this.namespace },
          targetResource: this.#prepared.target,
          action: scenario.action,
          retryPolicy: { maxAttempts: 3, backoffDelay: '1s' },
          ...scenario.spec,
        },
      }),
    );
    this.#since = Number(metadata.resourceVersion);
  }

  get action(): HealingAction | undefined {
    return this.#observer.action(this.namespace, NAME);
  }

  get isGone(): boolean {
    return this.#observer.isGone(this.namespace, NAME);
  }

  get hasEnded(): boolean {
    return this.#deleted ? this.isGone : hasLetGo(this.action);
  }

  /** Resolves when the healing has ended, or should have long since. A person who is asked agrees. */
  async ended(): Promise<void> {
    const deadline = Date.now() + ENDS_WITHIN_MS;
    while (!this.hasEnded && Date.now() < deadline) {
      await this.#approve().catch(() => undefined); // asked again in a moment
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** A person thinks better of it. */
  async delete(): Promise<void> {
    this.#deleted = true;
    await this.#ground.admin.delete(resources.healingActions, { namespace: this.namespace, name: NAME }, {});
  }

  /** A person who is asked agrees, until the signal comes. */
  async attend(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#approve().catch(() => undefined); // asked again in a moment
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Writes the status of the target 20 times a second until the signal comes; tells after each write how many it were. */
  async keepBusy(signal: AbortSignal, onWritten: (times: number) => void): Promise<void> {
    const { plural, name } = this.#prepared.busy;
    const resource = known(Object.values(resources).find((candidate) => candidate.plural === plural));
    const at = { namespace: this.namespace, name, subresource: 'status' };
    for (let written = 0; !signal.aborted;) {
      const condition = { type: 'Busy', status: 'True', reason: `Write${written}`, lastTransitionTime: null };
      await this.#ground.admin.patch(resource, at, 'strategic', { status: { conditions: [condition] } }).then(
        () => {
          onWritten((written += 1));
        },
        () => undefined, // a pod may be gone by now
      );
      await sleep(BUSY_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Why it proves nothing. */
  get unfired(): readonly string[] {
    return this.#unfired;
  }

  noteUnfired(why: string | undefined): void {
    if (why !== undefined) this.#unfired.push(why);
  }

  /** Resolves when the observer knows the target as it is now. */
  async seen(): Promise<void> {
    const { admin } = this.#ground;
    const { target } = this.#prepared;
    const resource = known(resourceOf(target.apiVersion, target.kind));
    const at = { namespace: this.namespace, name: target.name };
    const deadline = Date.now() + 10_000;
    while (Date.now() < deadline) {
      const live = await admin.get<{ metadata: { resourceVersion: string } }>(resource, at).catch((error: unknown) => {
        if (isKubeError(error, 'NotFound')) return undefined;
        throw error;
      });
      const version = this.#observer.version(resource, this.namespace, target.name);
      if (live === undefined || version >= Number(live.metadata.resourceVersion)) return;
      await sleep(LOOK_EVERY_MS);
    }
    this.noteUnfired('the observer does not keep up');
  }

  history(audit: AuditTail): History {
    const { action } = this;
    const nothing = { targets: [], effects: 0, rollbacks: 0, reasons: [] };
    const expected = action === undefined ? nothing : this.cell.scenario.expect(this.#prepared, action);
    // Pods come and go with their workloads: only those that are targets tell anything.
    const isWatched = (key: string): boolean => !key.startsWith('pods/') || isTarget(expected, key);
    return {
      expected,
      writes: audit.writesIn(this.namespace),
      records: [
        `healingactions/${NAME}`,
        `healingactions/${NAME}/status`,
        `healingpolicies/${POLICY}/status`,
        `events/${NAME}`,
        `events/${this.#prepared.target.name}`,
      ],
      sightings: this.#observer.sightings(this.namespace).filter(({ key }) => isWatched(key)),
      since: this.#since,
      action,
      gone: this.isGone,
      deleted: this.#deleted,
      lingers: this.lingers,
      endings: this.#observer.endings(this.namespace, NAME),
      unfired: this.isRepeated ? [] : this.#unfired,
      auditMayLack: this.auditMayLack,
    };
  }

  async #approve(): Promise<void> {
    const { action } = this;
    const { approval, planDigest } = action?.status ?? {};
    if (this.cell.scenario.approved !== true || approval?.required !== true || approval.approved) return;
    if (planDigest === undefined || approval.planDigest !== planDigest || planDigest === this.#approvedPlan) return;
    const at = { namespace: this.namespace, name: NAME };
    await this.#ground.admin.patch(resources.healingActions, at, 'merge', {
      spec: { approval: { decision: 'Approved', planDigest, by: 'admin' } },
    });
    this.#approvedPlan = planDigest;
  }
}

const STARTING_MS = 30_000;

/** An API server that a round has killed refuses custom resources with 503 for a moment after it is ready again. */
async function onceItServes<T>(create: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + STARTING_MS;
  for (;;)
    try {
      return await create();
    } catch (error) {
      if (!isKubeError(error, 'ServiceUnavailable') || Date.now() > deadline) throw error;
      await sleep(100);
    }
}
