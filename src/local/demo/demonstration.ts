import { setTimeout as delay } from 'node:timers/promises';
import { delimiter, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installManifests } from '../install-manifests.ts';
import type { Stack } from '../stack.ts';
import { Apps } from './apps.ts';
import { AuditLogTail } from './audit-log.ts';
import { watchCluster, type ClusterEvent } from './cluster-watch.ts';
import { insistently } from './insistently.ts';
import type { Presenter, Victim } from './presenter.ts';
import { isDone, resultOf, type IncidentResult } from './result.ts';
import { DEMO_NAMESPACE, inject, scenarios } from './scenario.ts';

const MANIFESTS = fileURLToPath(new URL('../../../deploy/demo', import.meta.url));
const TICK_MS = 200;
/** Between two faults, so that a person can follow, and two cores too. */
const STAGGER_MS = 2_000;
/** Every pod is probed once before it listens; that is no news. */
const UNHEALTHY_IS_NEWS = 3;

/** Three apps, their faults and their healing, on a running stack. */
export class Demonstration {
  readonly #stack: Stack;
  readonly #presenter: Presenter;
  readonly #apps = new Apps();
  readonly #toldEvents = new Set<string>();
  readonly #audit: AuditLogTail;
  readonly #watch: { stop(): Promise<void> };

  constructor(stack: Stack, presenter: Presenter) {
    this.#stack = stack;
    this.#presenter = presenter;
    this.#audit = new AuditLogTail(stack.env.auditLogFile, (line) => line.includes(`"namespace":"${DEMO_NAMESPACE}"`));
    this.#watch = watchCluster(stack.admin, {
      action: (action) => {
        this.#apps.action(action);
        this.#show();
      },
      policy: (policy) => {
        this.#apps.policy(policy);
      },
      deployment: (deployment) => {
        this.#apps.deployment(deployment);
        this.#show();
      },
      deploymentGone: (name) => {
        this.#apps.deploymentGone(name);
      },
      event: (event) => {
        this.#tell(event);
      },
    });
  }

  /** Breaks the apps one after the other; returns when all are healed (`once`), or when `signal` or the timeout says so. */
  async run(options: {
    readonly once: boolean;
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
  }): Promise<readonly IncidentResult[]> {
    const { env, admin } = this.#stack;
    this.#presenter.started({
      temporalUi: `${env.temporal.uiUrl}/namespaces/${env.temporal.namespace}/workflows`,
      prometheus: env.prometheus.url,
      auditLog: env.auditLogFile,
      kubeconfig: env.kubeconfig('admin'),
      kubectl: env.kubectl,
      kubectlOnPath: (process.env['PATH'] ?? '').split(delimiter).includes(dirname(env.kubectl)),
    });
    const stop = AbortSignal.any([options.signal, ...(options.once ? [AbortSignal.timeout(options.timeoutMs)] : [])]);
    await insistently(() => installManifests(admin, [MANIFESTS]), stop);
    const breaking = this.#breakApps(stop);
    await this.#until(() => options.once && this.results().every(isDone), stop);
    await breaking;
    return this.results();
  }

  results(): readonly IncidentResult[] {
    const apps = this.#apps.list();
    return scenarios.map((scenario) =>
      resultOf(
        scenario,
        apps.find(({ name }) => name === scenario.app),
        Date.now(),
      ),
    );
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  async #breakApps(stop: AbortSignal): Promise<void> {
    for (const scenario of scenarios) {
      if (scenario.patch === undefined) continue;
      await this.#until(() => this.#apps.isUp(scenario.app), stop);
      await insistently(() => inject(this.#stack.admin, scenario), stop);
      await delay(STAGGER_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  async #until(reached: () => boolean, stop: AbortSignal): Promise<void> {
    for (;;) {
      this.#show();
      if (reached() || stop.aborted) return;
      await delay(TICK_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }

  #show(): void {
    // First, so that nothing shows without its time.
    for (const entry of this.#audit.read()) this.#apps.audited(entry);
    this.#presenter.show(this.#apps.list(), this.#victims());
  }

  #victims(): readonly Victim[] {
    return this.#stack.env.supervisor
      .status()
      .flatMap(({ name, process }) => (process === undefined ? [] : [{ name, pid: process.pid }]));
  }

  #tell(event: ClusterEvent): void {
    const { type, reason = '', message = '', involvedObject, metadata } = event;
    // What KubeSkippy itself does shows in the incidents.
    if (type !== 'Warning') return;
    if (reason === 'Unhealthy' && (event.count ?? 1) < UNHEALTHY_IS_NEWS) return;
    if (this.#toldEvents.has(metadata.uid)) return; // once more the same
    this.#toldEvents.add(metadata.uid);
    this.#presenter.happened(`${involvedObject.kind ?? ''} ${involvedObject.name ?? ''}: ${reason}: ${message}`);
  }
}
