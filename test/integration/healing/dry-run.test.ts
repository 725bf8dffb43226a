import { beforeAll, describe, expect, test } from '@jest/globals';
import { accept } from '../../../activities/accept.ts';
import { recordDecision, requestApproval } from '../../../activities/approve.ts';
import { execute } from '../../../activities/execute.ts';
import type { ActivityPorts } from '../../../activities/ports.ts';
import { createActionRecords, createPolicyRecords } from '../../../src/adapters/kubernetes/records.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { ActionTemplate, HealingAction } from '../../../src/api/healing-action.ts';
import type { HealingPolicy } from '../../../src/api/healing-policy.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { Pod } from '../../../src/api/workloads.ts';
import { readAuditLog, WORKER_USER, WRITES, type AuditEvent } from '../../support/audit-log.ts';
import { eventually } from '../../support/eventually.ts';
import { serverForTests } from '../../support/installed-server.ts';
import { MemoryWorld } from '../../support/memory-world.ts';
import { attempt, now } from '../../support/steps.ts';

type Kind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Pod';
const RESOURCES = {
  Deployment: resources.deployments,
  StatefulSet: resources.statefulSets,
  DaemonSet: resources.daemonSets,
  Pod: resources.pods,
} as const;

/** Every action on every kind: a new one is one row more. */
const rows: readonly [what: string, kind: Kind, action: ActionTemplate][] = [
  ['restart by rollout', 'Deployment', { type: 'restart' }],
  ['restart by rollout', 'StatefulSet', { type: 'restart' }],
  ['restart by rollout', 'DaemonSet', { type: 'restart' }],
  ['restart by evictions', 'Deployment', { type: 'restart', restartAction: { strategy: 'graceful' } }],
  ['restart by evictions', 'StatefulSet', { type: 'restart', restartAction: { strategy: 'recreate' } }],
  ['restart', 'Pod', { type: 'restart' }],
  ['scale', 'Deployment', { type: 'scale', scaleAction: { direction: 'up', replicas: 2 } }],
  ['scale', 'StatefulSet', { type: 'scale', scaleAction: { direction: 'down', replicas: 1 } }],
  [
    'patch (strategic)',
    'Deployment',
    { type: 'patch', patchAction: { type: 'strategic', patch: '{"spec": {"minReadySeconds": 5}}' } },
  ],
  [
    'patch (merge)',
    'StatefulSet',
    { type: 'patch', patchAction: { type: 'merge', patch: '{"spec": {"minReadySeconds": 5}}' } },
  ],
  [
    'patch (json)',
    'DaemonSet',
    {
      type: 'patch',
      patchAction: { type: 'json', patch: '[{"op": "add", "path": "/spec/minReadySeconds", "value": 5}]' },
    },
  ],
  [
    'patch (patches)',
    'Pod',
    { type: 'patch', patchAction: { patches: [{ path: ['metadata', 'annotations', 'note'], value: 'x' }] } },
  ],
  ['undo', 'Deployment', { type: 'undo' }],
  ['undo', 'StatefulSet', { type: 'undo' }],
  ['undo', 'DaemonSet', { type: 'undo' }],
  ['delete', 'Pod', { type: 'delete' }],
  ['delete', 'Deployment', { type: 'delete', deleteAction: { keepManifest: true } }],
  ['delete', 'StatefulSet', { type: 'delete', deleteAction: { keepManifest: true, force: true } }],
  ['delete', 'DaemonSet', { type: 'delete', deleteAction: { keepManifest: true } }],
  ['custom', 'Deployment', { type: 'custom', customAction: { podTemplateName: 'mend' } }],
  ['custom', 'Pod', { type: 'custom', customAction: { podTemplateName: 'mend' } }],
];
const ways = ['of its policy', 'of its own', 'of the worker'] as const;
type Way = (typeof ways)[number] | 'not at all';

const server = serverForTests('controller-manager');
let ports: ActivityPorts;

beforeAll(() => {
  ports = {
    ...new MemoryWorld().ports,
    cluster: server.cluster,
    actions: createActionRecords(server.worker),
    policies: createPolicyRecords(server.worker),
  };
});

const template = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image }] },
});

/** Workloads in a namespace of their own, in their second revision; nothing runs them, so they do not change by themselves. */
async function prepare(namespace: string): Promise<void> {
  await server.admin.create(
    resources.namespaces,
    {},
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
  );
  await eventually(() => server.admin.get(resources.serviceAccounts, { namespace, name: 'default' }), 20_000, 50);
  const mend = { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'mend' }, template: template('mender:1') };
  await server.admin.create(resources.podTemplates, { namespace }, mend);
  const selector = { matchLabels: { app: 'web' } };
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'] as const) {
    const spec = {
      selector,
      template: template('web:1'),
      ...(kind === 'DaemonSet' ? {} : { replicas: 2 }),
      ...(kind === 'StatefulSet' ? { podManagementPolicy: 'Parallel', serviceName: 'web' } : {}),
    };
    const at = { namespace, name: kind.toLowerCase() };
    // That a forced deletion would take away.
    const metadata = { name: at.name, ...(kind === 'StatefulSet' ? { finalizers: ['example.com/hold'] } : {}) };
    await server.admin.create(RESOURCES[kind], { namespace }, { apiVersion: 'apps/v1', kind, metadata, spec });
    await eventually(async () => {
      expect(await observed(kind, namespace)).toBe(1);
    }, 20_000);
    await server.admin.patch(RESOURCES[kind], at, 'merge', { spec: { template: template('web:2') } });
    await eventually(async () => {
      expect(await observed(kind, namespace)).toBe(2);
    }, 20_000);
  }
}
const observed = async (kind: Exclude<Kind, 'Pod'>, namespace: string): Promise<number | undefined> => {
  const name = kind.toLowerCase();
  const found = await server.admin.get<KubeObject & { readonly status?: { readonly observedGeneration?: number } }>(
    RESOURCES[kind],
    { namespace, name },
  );
  return found.status?.observedGeneration;
};

/** Everything that a person or an effect can change, by uid. */
async function world(namespace: string): Promise<ReadonlyMap<string, unknown>> {
  const lists = await Promise.all(
    [...Object.values(RESOURCES), resources.jobs].map((resource) => server.admin.list<Pod>(resource, { namespace })),
  );
  return new Map(
    lists
      .flatMap(({ items }) => items)
      .map(({ metadata: { uid, labels, annotations, finalizers, deletionTimestamp, generation }, spec }) => [
        uid,
        { labels, annotations, finalizers, deletionTimestamp, generation, spec },
      ]),
  );
}

const targetOf = async (kind: Kind, namespace: string): Promise<{ apiVersion: string; kind: Kind; name: string }> => {
  if (kind !== 'Pod') return { apiVersion: 'apps/v1', kind, name: kind.toLowerCase() };
  const pods = await eventually(async () => {
    const { items } = await server.admin.list<Pod>(resources.pods, { namespace });
    expect(items.length).toBeGreaterThan(0);
    return items;
  }, 20_000);
  return { apiVersion: 'v1', kind, name: pods[0]?.metadata.name ?? '' };
};

const OWN: ReadonlySet<string> = new Set(['healingactions', 'healingpolicies', 'events']);

/** What the worker has written in this namespace, but for its own records. */
const writesIn = (namespace: string): readonly AuditEvent[] =>
  readAuditLog(server.env.auditLogFile).filter(
    ({ user, verb, objectRef }) =>
      user.username === WORKER_USER &&
      WRITES.has(verb) &&
      objectRef?.namespace === namespace &&
      !OWN.has(objectRef.resource ?? ''),
  );

/** All that a dry run of the worker's goes through, from the plan to its end. */
async function rehearse(namespace: string, name: string, kind: Kind, action: ActionTemplate, way: Way) {
  const settings = { ...ports.settings, dryRun: way === 'of the worker' };
  const given = { ...ports, settings };
  const named = { name: 'it', ...action };
  const targetResource = await targetOf(kind, namespace);
  await server.admin.create<HealingPolicy>(
    resources.healingPolicies,
    { namespace },
    {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingPolicy',
      metadata: { name },
      spec: {
        mode: way === 'of its policy' ? 'dryrun' : 'automatic',
        selector: { resources: [{ apiVersion: targetResource.apiVersion, kind }] },
        triggers: [{ name: 't', type: 'condition', conditionTrigger: { type: 'OOMKilled' } }],
        actions: [named],
      },
    },
  );
  const created = await ports.actions.create({
    namespace,
    name,
    labels: {},
    annotations: {},
    spec: {
      policyRef: { name, namespace },
      targetResource,
      action: named,
      ...(way === 'of its own' ? { dryRun: true } : {}),
    },
  });
  const ref = { namespace, name, uid: created.metadata.uid };
  const plan = await accept(given, ref, now);
  if (plan.result !== 'accepted') throw new Error(`${plan.outcome.reason}: ${plan.outcome.message}`);
  if (plan.approval.required) {
    const { planDigest } = plan;
    await requestApproval(given, ref, planDigest, plan.approval, now);
    await recordDecision(
      given,
      ref,
      planDigest,
      { decision: 'Approved', planDigest, by: 'test', method: 'signal' },
      now,
    );
  }
  const order = { tries: 1, claim: 1, dryRun: plan.dryRun };
  return execute(given, ref, plan.planDigest, order, attempt({ auditId: `dry-${namespace}-${name}` }));
}

describe.each(ways)('a dry run %s', (way) => {
  const namespace = `dry-run-${ways.indexOf(way)}`;
  beforeAll(() => prepare(namespace), 60_000);

  test.each(rows)('%s: %s', async (what, kind, action) => {
    const before = await world(namespace);
    const earlier = writesIn(namespace).length;
    const name = `${what.replaceAll(/[^a-z]+/g, '-')}-${kind}`.toLowerCase();

    expect(await rehearse(namespace, name, kind, action, way)).toMatchObject({ result: 'executed', changed: false });

    const writes = await eventually(async () => {
      const found = writesIn(namespace).slice(earlier);
      expect(found.length).toBeGreaterThan(0);
      return found;
    }, 10_000);
    for (const { verb, requestURI, requestObject, responseStatus } of writes) {
      expect(new URL(requestURI, 'http://server').searchParams.getAll('dryRun')).toEqual(['All']);
      // Of a deletion only what its body says counts.
      if (verb === 'delete') expect(requestObject).toMatchObject({ dryRun: ['All'] });
      expect(responseStatus?.code).toBeLessThan(300);
    }
    expect(await world(namespace)).toEqual(before);
    const { status, metadata } = (await ports.actions.read({
      namespace,
      name,
      uid: (await server.admin.get<HealingAction>(resources.healingActions, { namespace, name })).metadata.uid,
    }))!;
    expect(status?.plan?.diff).toMatch(/^[-+] \S+/);
    expect(status?.claim).toBeUndefined();
    expect(metadata.finalizers ?? []).toEqual([]);
  });
});

test('what is not a dry run is seen by the same means', async () => {
  const namespace = 'no-dry-run';
  await prepare(namespace);
  const before = await world(namespace);
  expect(await rehearse(namespace, 'real', 'Deployment', { type: 'restart' }, 'not at all')).toMatchObject({
    changed: true,
  });
  expect(await world(namespace)).not.toEqual(before);
  await eventually(async () => {
    expect(writesIn(namespace).filter(({ requestURI }) => !requestURI.includes('dryRun=All'))).toHaveLength(1);
  }, 10_000);
});
