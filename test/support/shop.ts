import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import { KEYS } from '../../src/api/constants.ts';
import type { HealingAction, HealingActionSpec } from '../../src/api/healing-action.ts';
import type { HealingPolicy, HealingPolicySpec } from '../../src/api/healing-policy.ts';
import type { Deployment, Job, Pod } from '../../src/api/workloads.ts';
import { isTerminal } from '../../src/domain/outcome.ts';
import type { Identity } from '../../src/local/servers/identities.ts';
import type { Stack } from '../../src/local/stack.ts';
import { effectsIn, readAuditLog, type AuditEvent } from './audit-log.ts';
import { eventually } from './eventually.ts';
import { bindRole } from './role-binding.ts';

const run = promisify(execFile);

/** One namespace with a shop in it, and what people do there. */
export class Shop {
  readonly namespace: string;
  readonly #stack: Stack;

  private constructor(stack: Stack, namespace: string) {
    this.#stack = stack;
    this.namespace = namespace;
  }

  static async open(stack: Stack, namespace: string): Promise<Shop> {
    await stack.admin.request('POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    });
    return new Shop(stack, namespace);
  }

  /** A Deployment of the bundled web program that is available. */
  async deploy(name: string, extra: { readonly labels?: Readonly<Record<string, string>> } = {}): Promise<Deployment> {
    await this.#stack.admin.create(resources.deployments, this, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels: { app: name, ...extra.labels } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            containers: [
              {
                name: 'web',
                image: 'kubeskippy.local/web:1.0',
                readinessProbe: { httpGet: { path: '/readyz', port: 8080 }, periodSeconds: 1 },
              },
            ],
          },
        },
      },
    });
    return eventually(
      async () => {
        const deployment = await this.deployment(name);
        if (deployment.status?.availableReplicas !== 1) throw new Error(`Deployment ${name} is not available`);
        return deployment;
      },
      30_000,
      100,
    );
  }

  deployment(name: string): Promise<Deployment> {
    return this.#stack.admin.get<Deployment>(resources.deployments, { namespace: this.namespace, name });
  }

  image(deployment: Deployment): string {
    return deployment.spec.template.spec.containers[0]?.image ?? '';
  }

  /** A rollout to an image that does not exist. */
  async breakImage(name: string): Promise<void> {
    await this.#stack.admin.patch(resources.deployments, { namespace: this.namespace, name }, 'strategic', {
      spec: { template: { spec: { containers: [{ name: 'web', image: 'kubeskippy.local/no-such-program:2.0' }] } } },
    });
  }

  /** Undoes rollouts to images that cannot be pulled, at once and with a short proof. */
  policy(name: string, spec: Partial<HealingPolicySpec>): Promise<HealingPolicy> {
    return this.#stack.admin.create<HealingPolicy>(resources.healingPolicies, this, {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingPolicy',
      metadata: { name },
      spec: {
        selector: { resources: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] },
        triggers: [
          { name: 'cannot-pull', type: 'condition', conditionTrigger: { type: 'ImagePullBackOff', duration: '0s' } },
        ],
        actions: [
          { name: 'back', type: 'undo' },
          { name: 'again', type: 'restart', priority: 90 },
        ],
        verification: { stabilizationWindow: '2s', timeout: '60s' },
        ...spec,
      },
    });
  }

  /** A PodTemplate whose program runs for so many seconds and ends with this exit code. */
  async podTemplate(name: string, { seconds = 1, exitCode = 0 } = {}): Promise<void> {
    const args = ['--seconds', String(seconds), '--exit-code', String(exitCode)];
    await this.#stack.admin.create(resources.podTemplates, this, {
      apiVersion: 'v1',
      kind: 'PodTemplate',
      metadata: { name },
      template: {
        spec: {
          restartPolicy: 'Never',
          terminationGracePeriodSeconds: 1,
          containers: [{ name: 'program', image: 'kubeskippy.local/job:1.0', args }],
        },
      },
    });
  }

  /** The Jobs that an action has made. */
  async jobsOf({ metadata }: HealingAction): Promise<Job[]> {
    const labelSelector = `${KEYS.actionUid}=${metadata.uid}`;
    const { namespace } = this;
    return (await this.#stack.admin.list<Job>(resources.jobs, { namespace, labelSelector })).items;
  }

  readPolicy(name: string): Promise<HealingPolicy> {
    return this.#stack.admin.get<HealingPolicy>(resources.healingPolicies, { namespace: this.namespace, name });
  }

  /** A hand-written action, by whoever is named. */
  async act(name: string, spec: HealingActionSpec, by: Identity = 'admin'): Promise<HealingAction> {
    const client = KubeClient.load({ kubeconfig: this.#stack.env.kubeconfig(by) });
    return client.create<HealingAction>(resources.healingActions, this, {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingAction',
      metadata: { name },
      spec,
    });
  }

  /** The policy that permits {@link restart}, with a proof that takes long enough for something to happen meanwhile. */
  grantRestarts(): Promise<HealingPolicy> {
    return this.policy('grants', {
      mode: 'automatic',
      actions: [{ name: 'again', type: 'restart' }],
      verification: { stabilizationWindow: '8s', timeout: '60s' },
    });
  }

  /** A hand-written action that restarts the Deployment of its name under policy `grants`, unless it says otherwise. */
  restart(name: string, over: Partial<HealingActionSpec> = {}, by?: Identity): Promise<HealingAction> {
    const spec: HealingActionSpec = {
      policyRef: { name: 'grants', namespace: this.namespace },
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      action: { name: 'again', type: 'restart' },
      ...over,
    };
    return this.act(name, spec, by);
  }

  /** The same, of a new Deployment. */
  async deployAndRestart(...restart: Parameters<Shop['restart']>): Promise<HealingAction> {
    await this.deploy(restart[0]);
    return this.restart(...restart);
  }

  /** A person agrees to the plan that an action shows. */
  async approve({ metadata, status }: HealingAction): Promise<void> {
    const at = { namespace: this.namespace, name: metadata.name };
    await this.#stack.admin.patch(resources.healingActions, at, 'merge', {
      spec: { approval: { decision: 'Approved', planDigest: status?.planDigest } },
    });
  }

  /** By the API server's own log: what was written in the name of this action. */
  effectsOf({ metadata }: HealingAction): AuditEvent[] {
    return effectsIn(readAuditLog(this.#stack.env.auditLogFile)).filter(({ auditID }) =>
      auditID.includes(metadata.uid),
    );
  }

  async podsOf(app: string): Promise<Pod[]> {
    const { namespace } = this;
    return (await this.#stack.admin.list<Pod>(resources.pods, { namespace, labelSelector: `app=${app}` })).items;
  }

  /** From now on none of the pods of an app may be evicted. */
  async forbidEvictions(app: string): Promise<void> {
    await this.#stack.admin.request('POST', `/apis/policy/v1/namespaces/${this.namespace}/poddisruptionbudgets`, {
      body: {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: app },
        spec: { maxUnavailable: 0, selector: { matchLabels: { app } } },
      },
    });
  }

  /** Gives somebody one of the shipped ClusterRoles in the shop; takes it away again when that is called. */
  bind(role: string, user: string): Promise<() => Promise<void>> {
    return bindRole(this.#stack.admin, this.namespace, role, { kind: 'User', name: user });
  }

  /** The action, once one of its conditions has this reason. */
  reaches(name: string, reason: string, withinMs = 60_000): Promise<HealingAction> {
    return eventually(
      async () => {
        const action = await this.readAction(name);
        const { conditions = [] } = action.status ?? {};
        if (!conditions.some((condition) => condition.reason === reason))
          throw new Error(`${name} is not at ${reason}: ${JSON.stringify(conditions)}`);
        return action;
      },
      withinMs,
      50,
    );
  }

  async actions(): Promise<HealingAction[]> {
    return (await this.#stack.admin.list<HealingAction>(resources.healingActions, this)).items;
  }

  readAction(name: string): Promise<HealingAction> {
    return this.#stack.admin.get<HealingAction>(resources.healingActions, { namespace: this.namespace, name });
  }

  /** The namespace's only action, once it is there. */
  onlyAction(): Promise<HealingAction> {
    return eventually(
      async () => {
        const [action, ...more] = await this.actions();
        if (action === undefined || more.length > 0) throw new Error(`${more.length + (action ? 1 : 0)} actions`);
        return action;
      },
      30_000,
      100,
    );
  }

  /** The action as it ended. */
  ended(name: string, withinMs = 60_000): Promise<HealingAction> {
    return eventually(
      async () => {
        const action = await this.readAction(name);
        if (!isTerminal(action.status?.conditions))
          throw new Error(`${name} has not ended: ${JSON.stringify(action.status?.conditions)}`);
        return action;
      },
      withinMs,
      100,
    );
  }

  /** kubectl as a person would use it. */
  async kubectl(args: readonly string[], by: Identity = 'admin'): Promise<string> {
    const { env } = this.#stack;
    const { stdout } = await run(env.kubectl, ['--kubeconfig', env.kubeconfig(by), '-n', this.namespace, ...args]);
    return stdout;
  }
}
