import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createIdentity } from '../../src/adapters/kubernetes/identity.ts';
import { KubeClient, type CallOptions } from '../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { HealingAction, HealingActionSpec, HealingActionStatus } from '../../src/api/healing-action.ts';
import type { LocalEnvironment } from '../../src/local/environment.ts';
import type { Identity } from '../../src/local/servers/identities.ts';
import { bindRole } from './role-binding.ts';

const run = promisify(execFile);

export const DIGEST = 'a'.repeat(32);
export const OTHER_DIGEST = 'b'.repeat(32);

/** How clients write: kubectl patch, kubectl edit or replace, programs, kubectl apply --server-side. */
export const WAYS = ['merge', 'json', 'update', 'apply'] as const;
export type Way = (typeof WAYS)[number];

interface At {
  readonly namespace: string;
  readonly name: string;
}

/** A namespace where alice may work but not decide, and bob may do both, on a real API server. */
export class Tenancy {
  readonly namespace = 'tenant-a';
  readonly #env: LocalEnvironment;
  readonly #clients = new Map<Identity, KubeClient>();
  #actions = 0;

  constructor(env: LocalEnvironment) {
    this.#env = env;
  }

  as(who: Identity): KubeClient {
    const known = this.#clients.get(who) ?? KubeClient.load({ kubeconfig: this.#env.kubeconfig(who) });
    this.#clients.set(who, known);
    return known;
  }

  /** Gives somebody one of the shipped ClusterRoles in the namespace; takes it away again when that is called. */
  bind(role: string, subject: Parameters<typeof bindRole>[3]): Promise<() => Promise<void>> {
    return bindRole(this.as('admin'), this.namespace, role, subject);
  }

  manifest(name: string, spec: Partial<HealingActionSpec> = {}, metadata: object = {}): object {
    return {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingAction',
      metadata: { name, namespace: this.namespace, ...metadata },
      spec: {
        policyRef: { name: 'policy', namespace: this.namespace },
        targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
        action: { type: 'restart' },
        ...spec,
      },
    };
  }

  create(who: Identity, manifest: object, options?: CallOptions): Promise<HealingAction> {
    return this.as(who).create<HealingAction>(
      resources.healingActions,
      { namespace: this.namespace },
      manifest,
      options,
    );
  }

  /** A HealingAction that waits for a decision about {@link DIGEST}, as the healer leaves it. */
  async waiting(by: Identity, approval: Partial<HealingActionStatus['approval']> = {}): Promise<At> {
    const name = `action-${(this.#actions += 1)}`;
    await this.create(by, this.manifest(name));
    const at = { namespace: this.namespace, name };
    await this.plan(at, DIGEST, approval);
    return at;
  }

  /** The healer's plan is another one now. */
  async plan(at: At, planDigest: string, approval: Partial<HealingActionStatus['approval']> = {}): Promise<void> {
    const status = {
      planDigest,
      phase: 'Pending',
      approval: { required: true, approved: false, planDigest, ...approval },
    };
    await this.as('worker').patch(resources.healingActions, { ...at, subresource: 'status' }, 'merge', { status });
  }

  read(at: At): Promise<HealingAction> {
    return this.as('admin').get<HealingAction>(resources.healingActions, at);
  }

  /** Writes `spec.approval` as whoever it is, in one of the ways. */
  async decide(
    who: Identity,
    at: At,
    approval: object,
    way: Way = 'merge',
    options: CallOptions = {},
  ): Promise<HealingAction> {
    const client = this.as(who);
    const full = { planDigest: DIGEST, decision: 'Approved', ...approval };
    switch (way) {
      case 'merge':
        return client.patch(resources.healingActions, at, 'merge', { spec: { approval: full } }, options);
      case 'json':
        return client.patch(
          resources.healingActions,
          at,
          'json',
          [{ op: 'add', path: '/spec/approval', value: full }],
          options,
        );
      case 'update': {
        const action = await client.get<HealingAction>(resources.healingActions, at);
        return client.replace(
          resources.healingActions,
          at,
          { ...action, spec: { ...action.spec, approval: full } },
          options,
        );
      }
      case 'apply':
        return client.patch(
          resources.healingActions,
          at,
          'apply',
          {
            apiVersion: 'kubeskippy.io/v1alpha1',
            kind: 'HealingAction',
            metadata: at,
            spec: { ...(await this.read(at)).spec, approval: full, requestedBy: undefined },
          },
          { ...options, force: true, fieldManager: `hand-of-${who}` },
        );
    }
  }

  vouched(): Promise<boolean> {
    return createIdentity(this.as('worker')).vouched(this.namespace);
  }

  /** kubectl as a person would use it; with `as` and `groups` as somebody who has no kubeconfig of their own. */
  async kubectl(
    args: readonly string[],
    { as, groups = [] }: { as?: string; groups?: readonly string[] } = {},
  ): Promise<string> {
    const impersonation = as === undefined ? [] : [`--as=${as}`, ...groups.map((group) => `--as-group=${group}`)];
    const { stdout } = await run(this.#env.kubectl, [
      ...['--kubeconfig', this.#env.kubeconfig('admin'), '-n', this.namespace],
      ...impersonation,
      ...args,
    ]);
    return stdout;
  }
}
