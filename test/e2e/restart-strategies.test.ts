import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { KubeObjectWatch } from '../../src/adapters/kubernetes/object-watch.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { ActionTemplate, HealingAction } from '../../src/api/healing-action.ts';
import type { Pod } from '../../src/api/workloads.ts';
import { startStack, type Stack } from '../../src/local/stack.ts';
import { eventually } from '../support/eventually.ts';
import { Shop } from '../support/shop.ts';

const REPLICAS = 3;
type Settings = NonNullable<ActionTemplate['restartAction']>;

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startStack({ kubelet: { crashBackoffBase: '1s' } });
  shop = await Shop.open(stack, 'strategies');
  await shop.policy('grants', {
    mode: 'automatic',
    selector: {
      resources: [
        { apiVersion: 'apps/v1', kind: 'Deployment' },
        { apiVersion: 'apps/v1', kind: 'StatefulSet' },
      ],
    },
    triggers: [],
    actions: [
      { name: 'rolling', type: 'restart', restartAction: { strategy: 'rolling' } },
      { name: 'graceful', type: 'restart', restartAction: { strategy: 'graceful' } },
      { name: 'recreate', type: 'restart', restartAction: { strategy: 'recreate', maxConcurrent: REPLICAS } },
    ],
    safetyRules: { maxActionsPerHour: 100 },
  });
}, 120_000);
afterAll(async () => {
  await stack.stop();
});

/** A workload that would take down two of its three pods at a time if it were left to itself. */
async function deploy(
  kind: 'Deployment' | 'StatefulSet',
  name: string,
  readyAfterSeconds = 0,
): Promise<readonly Pod[]> {
  const labels = { app: name };
  const rollingUpdate = { maxUnavailable: 2 };
  await stack.admin.create(kind === 'Deployment' ? resources.deployments : resources.statefulSets, shop, {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      replicas: REPLICAS,
      ...(kind === 'Deployment'
        ? { strategy: { rollingUpdate } }
        : { serviceName: name, podManagementPolicy: 'Parallel' }),
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'kubeskippy.local/web:1.0',
              readinessProbe: {
                httpGet: { path: '/readyz', port: 8080 },
                initialDelaySeconds: readyAfterSeconds,
                periodSeconds: 1,
              },
            },
          ],
        },
      },
    },
  });
  return eventually(
    async () => {
      const pods = await shop.podsOf(name);
      expect(pods.filter(isServing)).toHaveLength(REPLICAS);
      return pods;
    },
    60_000,
    200,
  );
}

const isServing = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;
const act = (name: string, kind: string, strategy: NonNullable<Settings['strategy']>): Promise<HealingAction> =>
  shop.act(name, {
    policyRef: { name: 'grants', namespace: shop.namespace },
    targetResource: { apiVersion: 'apps/v1', kind, name },
    action: {
      name: strategy,
      type: 'restart',
      restartAction: { strategy, ...(strategy === 'recreate' ? { maxConcurrent: REPLICAS } : {}) },
    },
  });
const evictedBy = (action: HealingAction): readonly (string | undefined)[] =>
  shop
    .effectsOf(action)
    .map(({ objectRef, requestURI }) => (requestURI.includes('/eviction') ? objectRef?.name : requestURI));
const names = (pods: readonly Pod[]): readonly string[] => pods.map(({ metadata }) => metadata.name);

/** How few pods served at any moment, by a watch of its own. */
async function watchServing(app: string): Promise<{ stop(): Promise<number> }> {
  const serving = new Set<string>();
  let fewest = REPLICAS;
  const watch = new KubeObjectWatch({ client: stack.admin, logger: pino({ level: 'silent' }) }).watch<Pod>({
    scope: { apiVersion: 'v1', kind: 'Pod', namespace: shop.namespace, labelSelector: `app=${app}` },
    project: (raw) => raw as Pod,
    onChange: ({ type, object }) => {
      if (type !== 'deleted' && isServing(object)) serving.add(object.metadata.uid);
      else if (serving.delete(object.metadata.uid)) fewest = Math.min(fewest, serving.size);
    },
  });
  watch.start();
  await watch.ready;
  return {
    stop: async () => {
      await watch.stop();
      return fewest;
    },
  };
}

test.each([
  ['Deployment', 'rolling'],
  ['Deployment', 'graceful'],
  ['StatefulSet', 'graceful'],
] as const)('%s, %s: every pod once, one at a time', async (kind, strategy) => {
  const name = `${kind}-${strategy}`.toLowerCase();
  const before = await deploy(kind, name);
  const serving = await watchServing(name);
  const action = await act(name, kind, strategy);
  const { status } = await shop.ended(name);
  const fewest = await serving.stop();

  expect(status).toMatchObject({ phase: 'Succeeded', reason: 'Healed', attempts: 1 });
  expect(evictedBy(action).toSorted()).toEqual(names(before).toSorted());
  expect(fewest).toBe(REPLICAS - 1);
  const uids = (await shop.podsOf(name)).map(({ metadata }) => metadata.uid);
  for (const { metadata } of before) expect(uids).not.toContain(metadata.uid);
});

test('recreate: all that may be at once', async () => {
  const before = await deploy('Deployment', 'all', 10);
  const serving = await watchServing('all');
  const action = await act('all', 'Deployment', 'recreate');
  expect((await shop.ended('all')).status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  expect(evictedBy(action).toSorted()).toEqual(names(before).toSorted());
  expect(await serving.stop()).toBeLessThan(REPLICAS - 1);
});

test('a worker that is killed between two pods goes on with the rest, each once', async () => {
  const before = await deploy('Deployment', 'killed');
  const serving = await watchServing('killed');
  const action = await act('killed', 'Deployment', 'graceful');
  await eventually(
    async () => {
      expect(evictedBy(action)).toHaveLength(1);
    },
    30_000,
    5,
  );
  stack.env.supervisor.kill('worker', 'SIGKILL'); // it is started again
  expect((await shop.ended('killed')).status).toMatchObject({ phase: 'Succeeded', reason: 'Healed' });
  expect(evictedBy(action).toSorted()).toEqual(names(before).toSorted());
  expect(await serving.stop()).toBe(REPLICAS - 1);
}, 120_000);
