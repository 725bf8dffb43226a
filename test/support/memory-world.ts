import type { ActivityPorts, ActivitySettings } from '../../activities/ports.ts';
import { rules } from '../../src/analyzers/rules.ts';
import type { HealingAction, HealingActionSpec } from '../../src/api/healing-action.ts';
import type { HealingPolicy, HealingPolicySpec } from '../../src/api/healing-policy.ts';
import type { Deployment, Job, Pod, PodTemplateSpec } from '../../src/api/workloads.ts';
import type { AuditRecord } from '../../src/domain/audit-chain.ts';
import type { ActionEnded, RetryStarted } from '../../src/domain/episode.ts';
import { admit, emptyLedger, rebuild, reserve, settle, type LedgerState } from '../../src/domain/ledger.ts';
import type { ObjectRef } from '../../src/domain/target-ref.ts';
import type { Reading } from '../../src/ports/metrics.ts';
import type { EventNote } from '../../src/ports/event-recorder.ts';
import { MemoryApiServer } from './memory-api-server.ts';
import { MemoryClusterPort } from './memory-cluster-port.ts';
import { runControllers } from './memory-controllers.ts';
import { createAction, createPolicy, memoryActions, memoryPolicies } from './memory-records.ts';

type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet';

export const NAMESPACE = 'shop';
const API_VERSIONS: Readonly<Record<string, string>> = {
  Pod: 'v1',
  PodTemplate: 'v1',
  Job: 'batch/v1',
  HealingPolicy: 'kubeskippy.io/v1alpha1',
  HealingAction: 'kubeskippy.io/v1alpha1',
};
export const at = (kind: string, name: string) => ({
  apiVersion: API_VERSIONS[kind] ?? 'apps/v1',
  kind,
  namespace: NAMESPACE,
  name,
});

/** Everything that the activities can reach, in memory, and what they did to it. */
export class MemoryWorld {
  readonly api = new MemoryApiServer();
  readonly cluster = new MemoryClusterPort(this.api);
  /** Pods of these images never become Ready, nor do those of images that are called broken. */
  readonly badImages = new Set<string>();
  /** What Prometheus says, by query; empty otherwise. */
  readonly metrics = new Map<string, Reading>();
  readonly events: EventNote[] = [];
  readonly audit: AuditRecord[] = [];
  /** What was logged: what it is about, and the message. */
  readonly logged: Readonly<Record<string, unknown>>[] = [];
  readonly told: { readonly policyUid: string; readonly ended: ActionEnded }[] = [];
  /** Whether names are proven, and who has lost the right to approve. */
  readonly people = { vouched: true, deprived: new Set<string>() };
  readonly retries: { readonly policyUid: string; readonly started: RetryStarted }[] = [];
  /** Revisions that the policy remembers as good. */
  seenGood: readonly string[] = [];
  ledger: LedgerState = rebuild(emptyLedger(), [], Date.now());
  readonly settings: { -readonly [Name in keyof ActivitySettings]: ActivitySettings[Name] } = {
    dryRun: false,
    protectedNamespaces: ['kube-system'],
    acceptSignals: true,
    requireIdentity: false,
  };
  readonly ports: ActivityPorts;

  constructor() {
    runControllers(this.api, this.badImages);
    this.ports = {
      cluster: this.cluster,
      actions: memoryActions(this.api),
      policies: memoryPolicies(this.api),
      ledger: {
        reserve: async (request) => {
          const { state, answer } = reserve(this.ledger, request, Date.now());
          this.ledger = state;
          return answer;
        },
        admit: async (request) => admit(this.ledger, request, Date.now()),
        settle: async (id, hadEffect) => {
          this.ledger = settle(this.ledger, id, hadEffect, Date.now());
        },
      },
      mailbox: {
        actionEnded: async (policyUid, ended) => {
          this.told.push({ policyUid, ended });
        },
        retryStarted: async (policyUid, started) => {
          this.retries.push({ policyUid, started });
        },
        seenGood: async () => this.seenGood,
      },
      identity: {
        vouched: async () => this.people.vouched,
        mayApprove: async ({ username }) => !this.people.deprived.has(username),
      },
      analyzer: rules,
      metrics: {
        configured: true,
        lookbackMs: 1_000,
        read: async (query) => this.metrics.get(query) ?? { state: 'unknown', why: 'the result is empty' },
      },
      events: {
        record: (note) => {
          this.events.push(note);
        },
      },
      audit: {
        append: (record) => {
          this.audit.push(record);
        },
      },
      log: {
        warn: (facts, message) => {
          this.logged.push({ ...facts, message });
        },
      },
      settings: this.settings,
    };
  }

  deploy(name: string, of: { replicas?: number; image?: string } = {}): Deployment {
    this.createWorkload('Deployment', name, of);
    return this.deployment(name);
  }

  createWorkload(
    kind: WorkloadKind,
    name: string,
    { replicas = 2, image = 'web:1' }: { replicas?: number; image?: string } = {},
  ): void {
    const labels = { app: name };
    this.api.create({
      apiVersion: 'apps/v1',
      kind,
      metadata: { name, namespace: NAMESPACE },
      spec: {
        ...(kind === 'DaemonSet' ? {} : { replicas }),
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image }] } },
      },
    });
  }

  deployment(name: string): Deployment {
    return this.api.get(at('Deployment', name)) as Deployment;
  }

  /** Somebody rolls out another image. */
  rollOut(name: string, image: string, kind: WorkloadKind = 'Deployment'): void {
    const containers = [{ name: 'app', image }];
    this.editTemplate(name, (template) => ({ ...template, spec: { containers } }), kind);
  }

  editTemplate(
    name: string,
    change: (template: Deployment['spec']['template']) => Deployment['spec']['template'],
    kind: WorkloadKind = 'Deployment',
  ): void {
    this.api.edit(at(kind, name), (object) => {
      const { spec } = object as Deployment;
      return { ...object, spec: { ...spec, template: change(spec.template) } };
    });
  }

  label(kind: string, name: string, key: string, value: string): void {
    this.api.edit(at(kind, name), (object) => ({
      ...object,
      metadata: { ...object.metadata, labels: { ...object.metadata.labels, [key]: value } },
    }));
  }

  imageOf(name: string): string | undefined {
    return this.deployment(name).spec.template.spec.containers[0]?.image;
  }

  pods(deployment: string): Pod[] {
    return this.api.list('Pod', NAMESPACE, { app: deployment }) as Pod[];
  }

  /** A program of the namespace's own, from which Jobs can be made. */
  podTemplate(name: string, image = 'fixer:1', spec: Partial<PodTemplateSpec['spec']> = {}): void {
    const template = { spec: { containers: [{ name: 'fix', image }], restartPolicy: 'Always', ...spec } };
    const podTemplate = { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name, namespace: NAMESPACE }, template };
    this.api.create(podTemplate);
  }

  jobs(): Job[] {
    return this.api.list('Job', NAMESPACE) as Job[];
  }

  /** A policy that permits `restart` (as `again`) and `undo` (as `back`) of Deployments and Pods. */
  policy(over: Partial<HealingPolicySpec> = {}, name = 'policy'): HealingPolicy {
    return createPolicy(
      this.api,
      { name, namespace: NAMESPACE },
      {
        mode: 'automatic',
        selector: {
          resources: [
            { apiVersion: 'apps/v1', kind: 'Deployment' },
            { apiVersion: 'v1', kind: 'Pod' },
          ],
        },
        triggers: [{ name: 'crash', type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff' } }],
        actions: [
          { name: 'again', type: 'restart' },
          { name: 'back', type: 'undo' },
        ],
        verification: { stabilizationWindow: '1s', timeout: '5s' },
        ...over,
      },
    );
  }

  editPolicy(change: (spec: HealingPolicySpec) => HealingPolicySpec, name = 'policy'): void {
    this.api.edit(at('HealingPolicy', name), (object) => ({ ...object, spec: change((object as HealingPolicy).spec) }));
  }

  /** A hand-written action; by default it restarts Deployment `cart`. */
  action(over: Partial<HealingActionSpec> = {}, name = 'heal'): ObjectRef {
    const { metadata } = createAction(
      this.api,
      { name, namespace: NAMESPACE },
      {
        policyRef: { name: 'policy', namespace: NAMESPACE },
        targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
        action: { name: 'again', type: 'restart' },
        ...over,
      },
    );
    return { namespace: NAMESPACE, name, uid: metadata.uid };
  }

  the(ref: Pick<ObjectRef, 'name'>): HealingAction {
    return this.api.get(at('HealingAction', ref.name)) as HealingAction;
  }

  editAction(ref: Pick<ObjectRef, 'name'>, change: (action: HealingAction) => HealingAction): void {
    this.api.edit(at('HealingAction', ref.name), (object) => change(object as HealingAction));
  }
}
