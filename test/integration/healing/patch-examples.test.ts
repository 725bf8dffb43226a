import { beforeAll, expect, test } from '@jest/globals';
import { patch } from '../../../src/actions/patch.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { HealingPolicy } from '../../../src/api/healing-policy.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { Pod } from '../../../src/api/workloads.ts';
import { rightObjects } from '../../support/crds/fixtures.ts';
import { eventually } from '../../support/eventually.ts';
import { serverForTests } from '../../support/installed-server.ts';
import { forAction } from '../../support/objects.ts';

const NAMESPACE = 'examples';

const server = serverForTests('controller-manager'); // nothing runs: no scheduler
let targets: Readonly<Record<'Deployment' | 'Pod', KubeObject>>;

beforeAll(async () => {
  const { admin } = server;
  await admin.create(resources.namespaces, {}, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await eventually(() => admin.get(resources.serviceAccounts, { namespace: NAMESPACE, name: 'default' }), 20_000, 50);
  const labels = { app: 'web' };
  await admin.create(
    resources.deployments,
    { namespace: NAMESPACE },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: 'app', image: 'web:1', env: [{ name: 'LEVEL', value: 'info' }] }] },
        },
      },
    },
  );
  const pod = await eventually(
    async () => {
      const [found] = (await admin.list<Pod>(resources.pods, { namespace: NAMESPACE })).items;
      if (found === undefined) throw new Error('there is no pod yet');
      return admin.get<Pod>(resources.pods, { namespace: NAMESPACE, name: found.metadata.name });
    },
    20_000,
    50,
  );
  targets = { Deployment: await admin.get(resources.deployments, { namespace: NAMESPACE, name: 'web' }), Pod: pod };
}, 90_000);

/** What becomes of every patch in the examples, on a Deployment and on a Pod. */
const outcomes: Readonly<Record<string, { readonly Deployment: RegExp; readonly Pod: RegExp }>> = {
  'action-patch patch': {
    Deployment: /cannot be applied: there is no \/spec\/paused to remove/,
    Pod: /cannot be applied: there is no \/spec\/paused to remove/,
  },
  'demo-ai-strategic-healing touch': { Deployment: /^patch .*touched\]$/, Pod: /^patch .*touched\]$/ },
  'demo-crashloop-pod-healing raise': { Deployment: /^patch .*touched\]$/, Pod: /^patch .*touched\]$/ },
  'demo-prometheus-based-healing touch': { Deployment: /^patch .*touched\]$/, Pod: /^patch .*touched\]$/ },
  'policy-every-original-field raise-memory': { Deployment: /^patch .*note\]$/, Pod: /^patch .*note\]$/ },
  // Written for Pods, whose resources cannot be changed like that; a Deployment has none there.
  'policy-patch-documented more-memory': {
    Deployment: /unknown field "spec\.containers"/,
    Pod: /may not change fields/,
  },
  'policy-patch-kinds a': { Deployment: /changes nothing/, Pod: /unknown field "spec\.paused"/ },
  'policy-patch-kinds b': { Deployment: /changes nothing/, Pod: /changes nothing/ },
  'policy-patch-kinds c': {
    Deployment: /cannot be applied: there is no \/spec\/paused to remove/,
    Pod: /cannot be applied: there is no \/spec\/paused to remove/,
  },
  'policy-patch-kinds d': { Deployment: /changes nothing/, Pod: /unknown field "spec\.paused"/ },
  'policy-patch-allow-paths level': { Deployment: /^patch .*env\[LEVEL\]\.value$/, Pod: /cannot be applied: / },
};

const examples = rightObjects().flatMap(({ name, object }) => {
  const { spec } = object as HealingPolicy | HealingAction;
  const templates = 'actions' in spec ? spec.actions : [spec.action];
  return templates
    .filter(({ type }) => type === 'patch')
    .map((template) => ({ title: `${name.replace('.yaml', '')} ${template.name ?? 'patch'}`, template }));
});

test('every example has its outcome here', () => {
  expect(examples.map(({ title }) => title).sort()).toEqual(Object.keys(outcomes).sort());
});

test.each(examples.flatMap((example) => (['Deployment', 'Pod'] as const).map((kind) => ({ ...example, kind }))))(
  '$title on a $kind works or says why not',
  async ({ title, template, kind }) => {
    const target = targets[kind];
    const related = await patch.gather(server.cluster, { target, namespace: NAMESPACE, template });
    const planned = patch.plan({ target, related, template, stamp: '', seenGood: [], failed: [], ...forAction });
    expect(planned.result === 'planned' ? planned.summary : planned.message).toMatch(
      outcomes[title]?.[kind] ?? /never/,
    );
  },
);
