import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../../src/adapters/kubernetes/object-watch.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { HealingPolicy, HealingPolicySpec } from '../../../src/api/healing-policy.ts';
import type { ContainerStatus, Deployment, Pod } from '../../../src/api/workloads.ts';
import { Detector } from '../../../src/detector/detector.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import { installManifests } from '../../../src/local/install-manifests.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { eventually } from '../../support/eventually.ts';
import { container, running, terminated, waiting } from '../../support/pods.ts';
import { RecordingObserver } from '../../support/recording-observer.ts';

const logger = createLogger('test', 'silent');
const DEPLOYMENTS = { apiVersion: 'apps/v1', kind: 'Deployment' };
const PODS = { apiVersion: 'v1', kind: 'Pod' };

let env: LocalEnvironment;
let admin: KubeClient;
let observer: RecordingObserver;
let detector: Detector;
let namespaces = 0;
let namespace: string;

beforeAll(async () => {
  env = await startLocalEnvironment({ components: ['apiserver', 'controller-manager'] });
  admin = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
  await installManifests(admin);
}, 60_000);
afterAll(async () => {
  await env.stop();
});
afterEach(async () => {
  await detector.stop();
});

/** A namespace of its own, a policy in it, and a detector with the rights that the controller ships with. */
async function detecting(spec: Partial<HealingPolicySpec>): Promise<HealingPolicy> {
  namespaces += 1;
  namespace = `detect-${namespaces}`;
  await admin.create(resources.namespaces, {}, { metadata: { name: namespace } });
  const policy = await admin.create<HealingPolicy>(
    resources.healingPolicies,
    { namespace },
    {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingPolicy',
      metadata: { name: 'watchful' },
      spec: {
        selector: {},
        triggers: [
          { name: 'crash', type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff', duration: '0s' } },
        ],
        actions: [{ type: 'restart' }],
        ...spec,
      },
    },
  );
  observer = new RecordingObserver();
  const client = KubeClient.load({ kubeconfig: env.kubeconfig('controller') });
  detector = new Detector({ watches: new KubeObjectWatch({ client, logger }), observer, logger });
  detector.start();
  await detector.ready;
  await eventually(() => {
    expect(ours()).toHaveLength(1);
  });
  return policy;
}

/** What the policy of the running test was told; other tests leave theirs behind. */
const ours = () => observer.observations.filter(({ policy }) => policy.namespace === namespace);
const firing = () => ours().at(-1)?.firing ?? [];

async function deploy(more: Partial<Deployment['spec']> = {}): Promise<Deployment> {
  const labels = { app: 'web' };
  return admin.create<Deployment>(
    resources.deployments,
    { namespace },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', labels },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'kubeskippy.local/web' }] } },
        ...more,
      },
    },
  );
}

const podsOfWeb = (): Promise<Pod[]> =>
  eventually(async () => {
    const { items } = await admin.list<Pod>(resources.pods, { namespace, labelSelector: 'app=web' });
    expect(items).toHaveLength(2);
    return items;
  });

/** Writes what a kubelet would write. */
const report = (pod: Pod, status: ContainerStatus): Promise<Pod> =>
  admin.patch<Pod>(resources.pods, { namespace, name: pod.metadata.name, subresource: 'status' }, 'merge', {
    status: { phase: 'Running', containerStatuses: [{ ...status, image: 'web', imageID: 'web' }] },
  });

const crashed = container(1, terminated(5, 8), terminated(1, 4));

test('of two Pods of a Deployment one crashes: it is told within moments, with its Deployment', async () => {
  const policy = await detecting({ selector: { resources: [PODS, DEPLOYMENTS] } });
  const deployment = await deploy();
  const [bad, good] = await podsOfWeb();
  await report(good!, container(0, running(0)));
  await report(bad!, container(0, terminated(1, 4)));
  await report(bad!, container(1, running(5), terminated(1, 4)));
  expect(firing()).toEqual([]);

  const written = report(bad!, crashed).then(() => performance.now());
  await eventually(() => {
    expect(firing()).toHaveLength(1);
  });
  expect(performance.now() - (await written)).toBeLessThan(500);

  const { uid: policyUid, name } = policy.metadata;
  expect(ours().at(-1)?.policy).toEqual({ namespace, name, uid: policyUid });
  expect(firing()).toEqual([
    {
      trigger: 'crash',
      subject: { ...PODS, namespace, name: bad!.metadata.name, uid: bad!.metadata.uid },
      candidates: [
        { ...PODS, namespace, name: bad!.metadata.name, uid: bad!.metadata.uid },
        { ...DEPLOYMENTS, namespace, name: 'web', uid: deployment.metadata.uid },
      ],
      since: '2026-11-25T08:00:08.000Z',
      evidence: 'container app terminated 2 times, last exit code 1 (Error)',
    },
  ]);
  expect(ours().at(-1)).toMatchObject({ selected: 3, unhealthy: 1, overflow: 0 });

  await admin.delete(resources.pods, { namespace, name: bad!.metadata.name }, { gracePeriodSeconds: 0 });
  await eventually(() => {
    expect(firing()).toEqual([]);
  });
});

test('a rollout that the Deployment controller gives up is told, and no longer when it is made anew', async () => {
  await detecting({
    selector: { resources: [DEPLOYMENTS] },
    triggers: [
      { type: 'condition', conditionTrigger: { type: 'Progressing', status: 'False', duration: '0s' } },
      { type: 'metric', query: 'up', threshold: 1 },
    ],
  });
  const deployment = await deploy({ progressDeadlineSeconds: 1 }); // no node, so no Pod ever becomes ready
  await eventually(() => {
    expect(firing()).toHaveLength(1);
  }, 20_000);
  expect(firing()[0]).toMatchObject({
    trigger: 'condition-1',
    subject: { kind: 'Deployment', name: 'web', uid: deployment.metadata.uid },
    evidence: expect.stringMatching(/^Progressing is False: ProgressDeadlineExceeded: /),
  });
  await admin.patch(resources.deployments, { namespace, name: 'web' }, 'merge', {
    spec: { progressDeadlineSeconds: 600, template: { metadata: { annotations: { again: 'yes' } } } },
  });
  await eventually(() => {
    expect(firing()).toEqual([]);
  }, 20_000);
});

test('an edit counts from its write on, and a deletion is told', async () => {
  const policy = await detecting({ triggers: [] });
  await deploy();
  const [pod] = await podsOfWeb();
  await report(pod!, container(0, waiting('ImagePullBackOff', 'Back-off pulling image "web"')));
  const at = { namespace, name: policy.metadata.name };
  await admin.patch(resources.healingPolicies, at, 'merge', {
    spec: {
      triggers: [{ name: 'image', type: 'condition', conditionTrigger: { type: 'ErrImagePull', duration: '0s' } }],
    },
  });
  await eventually(() => {
    expect(ours().at(-1)).toMatchObject({ policyGeneration: 2 });
  });
  expect(firing()).toMatchObject([
    { trigger: 'image', evidence: 'container app waits: ImagePullBackOff: Back-off pulling image "web"' },
  ]);
  await admin.delete(resources.healingPolicies, at, {});
  await eventually(() => {
    expect(observer.deleted).toContainEqual({ ...at, uid: policy.metadata.uid });
  });
});

test('after the API server was killed the level is what the objects say, and only that', async () => {
  await detecting({});
  await deploy();
  const [pod, other] = await podsOfWeb();
  await report(pod!, crashed);
  await eventually(() => {
    expect(firing()).toHaveLength(1);
  });

  env.supervisor.kill('kube-apiserver', 'SIGKILL');
  const persistently = <T>(write: () => Promise<T>): Promise<T> => eventually(write, 30_000, 100);
  await persistently(() => report(other!, crashed));
  await persistently(() => report(pod!, container(1, terminated(5, 8, { exitCode: 0 }), terminated(1, 4))));
  await eventually(() => {
    expect(firing().map(({ subject }) => subject.uid)).toEqual([other!.metadata.uid]);
  }, 30_000);
  const told = new Set(ours().flatMap(({ firing: all }) => all.map(({ subject }) => subject.uid)));
  expect(told).toEqual(new Set([pod!.metadata.uid, other!.metadata.uid]));
}, 90_000);

test('a detector that starts finds what is already there', async () => {
  const policy = await detecting({});
  await deploy();
  const [pod] = await podsOfWeb();
  await report(pod!, crashed);
  await eventually(() => {
    expect(firing()).toHaveLength(1);
  });
  await detector.stop();

  observer = new RecordingObserver();
  const client = KubeClient.load({ kubeconfig: env.kubeconfig('controller') });
  detector = new Detector({ watches: new KubeObjectWatch({ client, logger }), observer, logger });
  detector.start();
  await eventually(() => {
    expect(firing()).toHaveLength(1);
  });
  expect(ours().map(({ policy: ref, firing: all }) => [ref.uid, all.length])).toEqual([[policy.metadata.uid, 1]]);
});
