import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection, WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import { API_VERSION } from '../../src/api/constants.ts';
import type { HealingAction, HealingActionSpec } from '../../src/api/healing-action.ts';
import type { HealingPolicy, HealingPolicySpec } from '../../src/api/healing-policy.ts';
import { actionWorkflowId, MESSAGES } from '../../src/api/temporal-names.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import { retryOf } from '../../src/domain/retry-of.ts';
import type { Deployment, Pod } from '../../src/api/workloads.ts';
import type { Stack } from '../../src/local/stack.ts';

const NAMESPACE = 'recording';
const DEADLINE_MS = 60_000;
const POLL_MS = 50;

/** What the scenarios do to a running KubeSkippy: what its users do, through the API server and Temporal. */
export class RecordingSession {
  readonly admin: KubeClient;
  readonly temporal: Client;
  readonly #connection: Connection;
  readonly #signal: AbortSignal;

  private constructor(admin: KubeClient, connection: Connection, signal: AbortSignal) {
    this.admin = admin;
    this.#connection = connection;
    this.#signal = signal;
    this.temporal = new Client({ connection, identity: 'recorder' });
  }

  /** Once `signal` is aborted nothing is waited for any more. */
  static async open({ admin, env }: Stack, signal: AbortSignal): Promise<RecordingSession> {
    const session = new RecordingSession(admin, await Connection.connect({ address: env.temporal.address }), signal);
    await admin.create(
      resources.namespaces,
      {},
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
    );
    return session;
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** A Deployment of one pod; resolves when it is available, or at once if it never will be. */
  async deploy(name: string, container: object, { healthy = true } = {}): Promise<void> {
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels: { app: name } },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: {
            containers: [
              {
                name: 'app',
                readinessProbe: { httpGet: { path: '/readyz', port: 8080 }, periodSeconds: 1 },
                ...container,
              },
            ],
          },
        },
      },
    };
    await this.admin.create(resources.deployments, { namespace: NAMESPACE }, deployment);
    if (healthy) await this.available(name);
  }

  /** What a Job of a custom action is made from. */
  async podTemplate(name: string, container: object): Promise<void> {
    const template = { spec: { restartPolicy: 'Never', containers: [container] } };
    const body = { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name }, template };
    await this.admin.create(resources.podTemplates, { namespace: NAMESPACE }, body);
  }

  async available(name: string): Promise<void> {
    await this.until(`Deployment ${name} is available`, async () => {
      const { metadata, spec, status } = await this.admin.get<Deployment>(resources.deployments, this.#at(name));
      const { replicas } = spec;
      return (
        status?.observedGeneration === metadata.generation &&
        status?.availableReplicas === replicas &&
        status?.replicas === replicas
      );
    });
  }

  async rollOut(name: string, image: string): Promise<void> {
    const before = await this.#replicaSets();
    const container = { name: 'app', image };
    await this.admin.patch(resources.deployments, this.#at(name), 'strategic', {
      spec: { template: { spec: { containers: [container] } } },
    });
    await this.until(`${name} is being rolled out`, async () => (await this.#replicaSets()) > before);
  }

  /** The name of the pod of a Deployment. */
  async podOf(app: string): Promise<string> {
    const { items } = await this.admin.list<Pod>(resources.pods, { namespace: NAMESPACE, labelSelector: `app=${app}` });
    const pod = items.find(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (pod === undefined) throw new Error(`Deployment ${app} has no pod`);
    return pod.metadata.name;
  }

  /** From now on none of the pods of a Deployment may be evicted. */
  async protectByBudget(app: string): Promise<void> {
    await this.admin.request('POST', `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets`, {
      body: {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: app },
        spec: { maxUnavailable: 0, selector: { matchLabels: { app } } },
      },
    });
  }

  async dropBudget(app: string): Promise<void> {
    await this.admin.request('DELETE', `/apis/policy/v1/namespaces/${NAMESPACE}/poddisruptionbudgets/${app}`, {});
  }

  /** Uids of the pods of a Deployment that are not on their way out. */
  async livingPods(app: string): Promise<readonly string[]> {
    const { items } = await this.admin.list<Pod>(resources.pods, { namespace: NAMESPACE, labelSelector: `app=${app}` });
    return items.filter(({ metadata }) => metadata.deletionTimestamp === undefined).map(({ metadata }) => metadata.uid);
  }

  /** From now on nobody may give a Deployment this number of replicas; resolves when that is in force. */
  async forbidReplicas(name: string, replicas: number): Promise<void> {
    const policy = `not-${replicas}-of-${name}`;
    const base = '/apis/admissionregistration.k8s.io/v1';
    await this.admin.request('POST', `${base}/validatingadmissionpolicies`, {
      body: {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: policy },
        spec: {
          matchConstraints: {
            resourceRules: [
              { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments'] },
            ],
          },
          validations: [
            {
              expression: `object.metadata.name != '${name}' || object.spec.replicas != ${replicas}`,
              message: `${name} must not have ${replicas} replicas`,
            },
          ],
        },
      },
    });
    await this.admin.request('POST', `${base}/validatingadmissionpolicybindings`, {
      body: {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name: policy },
        spec: { policyName: policy, validationActions: ['Deny'] },
      },
    });
    await this.until(`${policy} is in force`, () =>
      this.admin.patch(resources.deployments, this.#at(name), 'merge', { spec: { replicas } }, { dryRun: true }).then(
        () => false,
        () => true,
      ),
    );
  }

  async annotateTemplate(name: string): Promise<void> {
    await this.admin.patch(resources.deployments, this.#at(name), 'merge', {
      spec: { template: { metadata: { annotations: { 'example.com/changed': 'yes' } } } },
    });
  }

  /** Digest of the plan that an action has now. */
  async planOf(name: string): Promise<string | undefined> {
    return (await this.admin.get<HealingAction>(resources.healingActions, this.#at(name))).status?.planDigest;
  }

  /** Another try of a finished action. */
  async retry(name: string): Promise<Healing> {
    const earlier = await this.admin.get<HealingAction>(resources.healingActions, this.#at(name));
    const retry = retryOf(earlier, new Date());
    if (retry.result === 'refused') throw new Error(retry.message);
    return this.#healing(
      await this.admin.create<HealingAction>(resources.healingActions, { namespace: NAMESPACE }, retry.manifest),
    );
  }

  async policy(name: string, spec: HealingPolicySpec): Promise<HealingPolicy> {
    return this.admin.create<HealingPolicy>(
      resources.healingPolicies,
      { namespace: NAMESPACE },
      {
        apiVersion: API_VERSION,
        kind: 'HealingPolicy',
        metadata: { name },
        spec,
      },
    );
  }

  policyNamed(name: string): Promise<HealingPolicy> {
    return this.admin.get<HealingPolicy>(resources.healingPolicies, this.#at(name));
  }

  async deletePolicy(name: string): Promise<void> {
    await this.admin.delete(resources.healingPolicies, this.#at(name), {});
  }

  /** A HealingAction as somebody applies it by hand; resolves when its workflow runs. */
  async action(
    name: string,
    spec: Omit<HealingActionSpec, 'policyRef'> & { readonly policy: string },
  ): Promise<Healing> {
    const { policy, ...rest } = spec;
    const action = await this.admin.create<HealingAction>(
      resources.healingActions,
      { namespace: NAMESPACE },
      {
        apiVersion: API_VERSION,
        kind: 'HealingAction',
        metadata: { name },
        spec: { policyRef: { name: policy, namespace: NAMESPACE }, ...rest },
      },
    );
    return this.#healing(action);
  }

  /** The first HealingAction that a policy creates. */
  async actionOf(policy: string): Promise<Healing> {
    const actions = async (): Promise<readonly HealingAction[]> =>
      (await this.admin.list<HealingAction>(resources.healingActions, { namespace: NAMESPACE })).items.filter(
        ({ spec }) => spec.policyRef.name === policy,
      );
    await this.until(`HealingPolicy ${policy} creates an action`, async () => (await actions()).length > 0);
    const [action] = await actions();
    if (action === undefined) throw new Error(`the action of HealingPolicy ${policy} vanished`);
    return this.#healing(action);
  }

  async until(what: string, check: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + DEADLINE_MS;
    while (!(await check())) {
      this.#signal.throwIfAborted();
      if (performance.now() > deadline) throw new Error(`not within ${DEADLINE_MS / 1000} s: ${what}`);
      await sleep(POLL_MS);
    }
  }

  async #healing(action: HealingAction): Promise<Healing> {
    const handle = this.temporal.workflow.getHandle(actionWorkflowId(action.metadata.uid));
    const started = (): Promise<boolean> =>
      handle.describe().then(
        () => true,
        (error: unknown) => {
          if (error instanceof WorkflowNotFoundError) return false;
          throw error;
        },
      );
    await this.until(`the workflow of ${action.metadata.name} runs`, started);
    return {
      handle,
      reached: (step) =>
        this.until(`${action.metadata.name} is ${step}`, async () => {
          const { raw } = await handle.describe(); // an activity may still be under way for this step
          return (raw.pendingActivities ?? []).length === 0 && (await handle.query(MESSAGES.step)) === step;
        }),
      approve: async () => {
        const { status } = await this.admin.get<HealingAction>(
          resources.healingActions,
          this.#at(action.metadata.name),
        );
        await this.admin.patch(resources.healingActions, this.#at(action.metadata.name), 'merge', {
          spec: { approval: { decision: 'Approved', planDigest: status?.planDigest } },
        });
      },
      ended: async () => {
        const over = async (): Promise<boolean> => (await handle.describe()).status.name !== 'RUNNING';
        await this.until(`${action.metadata.name} has ended`, over);
        return (await handle.result()) as Outcome;
      },
      terminate: async () => {
        const { runId } = await handle.describe();
        await handle.terminate('as somebody does in the UI');
        await this.until(`${action.metadata.name} runs again`, async () => (await handle.describe()).runId !== runId);
      },
      delete: async () => {
        await this.admin.delete(resources.healingActions, this.#at(action.metadata.name), {});
      },
    };
  }

  async #replicaSets(): Promise<number> {
    return (await this.admin.list(resources.replicaSets, { namespace: NAMESPACE })).items.length;
  }

  #at(name: string): { readonly namespace: string; readonly name: string } {
    return { namespace: NAMESPACE, name };
  }
}

/** One healing that is under way. */
export interface Healing {
  readonly handle: WorkflowHandle;
  /** Resolves when it is at this step. */
  reached(step: string): Promise<void>;
  /** Writes `spec.approval` for the plan that is there now. */
  approve(): Promise<void>;
  delete(): Promise<void>;
  /** Ends the run from outside; resolves when the next one has begun. */
  terminate(): Promise<void>;
  /** Rejects when it has not ended within a minute. */
  ended(): Promise<Outcome>;
}
