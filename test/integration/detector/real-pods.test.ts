import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../../src/adapters/kubernetes/object-watch.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import { Detector } from '../../../src/detector/detector.ts';
import type { Firing } from '../../../src/domain/firing.ts';
import { installManifests } from '../../../src/local/install-manifests.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { RecordingObserver } from '../../support/recording-observer.ts';
import { Cluster } from '../kubelet/cluster.ts';

const logger = createLogger('test', 'silent');

let cluster: Cluster;
let detector: Detector;
const observer = new RecordingObserver();

beforeAll(async () => {
  cluster = await Cluster.start('1s');
  await installManifests(cluster.client);
  await cluster.create('kubeskippy.io/v1alpha1', 'HealingPolicy', 'watchful', {
    selector: {},
    triggers: ['CrashLoopBackOff', 'OOMKilled', 'ImagePullBackOff'].map((type) => ({
      name: type,
      type: 'condition',
      conditionTrigger: { type, duration: '0s' },
    })),
    actions: [{ type: 'restart' }],
  });
  const client = KubeClient.load({ kubeconfig: cluster.env.kubeconfig('controller') });
  detector = new Detector({ watches: new KubeObjectWatch({ client, logger }), observer, logger });
  detector.start();
  await detector.ready;
}, 60_000);
afterAll(async () => {
  await detector.stop();
  await cluster.stop();
});

const isOf = (app: string) => (firing: Firing) => firing.subject.name.startsWith(`${app}-`);
const now = (app: string): Firing[] => observer.last?.firing.filter(isOf(app)) ?? [];
const triggersOf = (app: string): Set<string> =>
  new Set(observer.observations.flatMap(({ firing }) => firing.filter(isOf(app)).map(({ trigger }) => trigger)));
const restarts = async (app: string): Promise<number> =>
  (await cluster.podsOf(app))[0]?.status?.containerStatuses?.[0]?.restartCount ?? 0;
/** From the first observation that has it to the newest: has it ever been missing? */
const neverEnded = (app: string): boolean => {
  const told = observer.observations.map(({ firing }) => firing.some(isOf(app)));
  return told.slice(told.indexOf(true)).every(Boolean);
};

/** One container from a bundled program; its lives are counted in a volume, so that it can get well by itself. */
function deploy(
  app: string,
  image: string,
  { args = [], replicas = 1, memory = '256Mi' }: Workload = {},
): Promise<void> {
  const labels = { app };
  return cluster.create('apps/v1', 'Deployment', app, {
    replicas,
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        terminationGracePeriodSeconds: 2,
        volumes: [{ name: 'state', emptyDir: {} }],
        containers: [
          {
            name: 'app',
            image: `kubeskippy.local/${image}`,
            args,
            resources: { limits: { memory } },
            volumeMounts: [{ name: 'state', mountPath: '/state' }],
          },
        ],
      },
    },
  });
}

interface Workload {
  readonly args?: readonly string[];
  readonly replicas?: number;
  readonly memory?: string;
}

test('processes that crash, leak or cannot be had are found as such; healthy ones beside them never', async () => {
  await deploy('healthy', 'sleeper', { replicas: 3 });
  await deploy('once', 'flaky', { args: ['--crashes', '1', '--after', '0.2'] });
  await deploy('twice', 'flaky', { args: ['--crashes', '2', '--after', '0.2'] });
  await deploy('crasher', 'crasher', { args: ['--after', '0.2', '--exit-code', '3'] });
  await deploy('leaker', 'leaker', { args: ['--rate', '64'], memory: '128Mi' });
  await deploy('nowhere', 'no-such-program:2.0');

  await eventually(() => {
    for (const app of ['twice', 'crasher', 'leaker', 'nowhere']) expect(triggersOf(app).size).toBeGreaterThan(0);
  }, 40_000);
  expect(now('nowhere')).toMatchObject([{ trigger: 'ImagePullBackOff' }]);
  expect(now('crasher')[0]?.evidence).toMatch(/^container app terminated \d+ times, last exit code 3 \(Error\)$/);
  expect(triggersOf('leaker')).toContain('OOMKilled');

  const crashes = await restarts('crasher');
  await eventually(
    async () => {
      expect(await restarts('crasher')).toBeGreaterThan(crashes + 2);
    },
    40_000,
    250,
  );
  for (const app of ['crasher', 'leaker', 'nowhere']) expect([app, neverEnded(app)]).toEqual([app, true]);

  // Half a minute after it came up for good the one that crashed twice is well again; nothing else told us so.
  await eventually(
    () => {
      expect(now('twice')).toEqual([]);
    },
    60_000,
    100,
  );
  const [pod] = await cluster.podsOf('twice');
  const startedAt = Date.parse(pod?.status?.containerStatuses?.[0]?.state.running?.startedAt ?? '');
  expect(Date.now() - startedAt).toBeGreaterThanOrEqual(30_000);
  expect(Date.now() - startedAt).toBeLessThan(40_000);

  expect(triggersOf('healthy')).toEqual(new Set());
  expect(triggersOf('once')).toEqual(new Set());
  expect(observer.last).toMatchObject({ selected: 8, unhealthy: 3 });

  await cluster.client.delete(resources.deployments, { namespace: 'default', name: 'crasher' }, {});
  await eventually(() => {
    expect(now('crasher')).toEqual([]);
  }, 10_000);
}, 180_000);

test('a crash loop begins with its second crash, at the time of that crash', async () => {
  await deploy('second', 'crasher', { args: ['--after', '1'] });
  const seen = await eventually(() => {
    const first = observer.observations.flatMap(({ firing }) => firing.filter(isOf('second')))[0];
    expect(first).toBeDefined();
    return { first, restarts: restarts('second') };
  }, 30_000);
  expect(await seen.restarts).toBe(1);
  const [pod] = await cluster.podsOf('second');
  const status = pod?.status?.containerStatuses?.[0];
  const end = status?.state.terminated ?? status?.lastState.terminated;
  expect(seen.first?.since).toBe(new Date(end?.finishedAt ?? '').toISOString());
});
