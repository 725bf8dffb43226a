import { get } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import { Cluster, eventually } from './cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
}, 60_000);
afterAll(async () => {
  await cluster.stop();
});

const web = {
  name: 'web',
  image: 'kubeskippy.local/web:1',
  readinessProbe: { httpGet: { path: '/readyz', port: 8080 }, periodSeconds: 1 },
};

interface Rollout {
  readonly status?: {
    readonly availableReplicas?: number;
    readonly updatedReplicas?: number;
    readonly replicas?: number;
  };
}
const rolledOut = (name: string, replicas: number): Promise<Rollout> =>
  eventually(`deployment ${name} available`, async () => {
    const deployment = await cluster.client.get<Rollout>(resources.deployments, { namespace: 'default', name });
    const { availableReplicas, updatedReplicas, replicas: total } = deployment.status ?? {};
    return availableReplicas === replicas && updatedReplicas === replicas && total === replicas && deployment;
  });

test('the node is Ready, has an address, capacity and no taint', async () => {
  const node = await cluster.client.get<{
    spec: { taints?: unknown };
    status: { addresses: unknown; allocatable: Record<string, string>; conditions: { type: string; status: string }[] };
  }>(resources.nodes, { name: 'kubeskippy-local' });
  expect(node.status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
  expect(node.status.addresses).toContainEqual({ type: 'InternalIP', address: '127.0.0.1' });
  expect(Number(node.status.allocatable['pods'])).toBeGreaterThan(0);
  expect(node.spec.taints).toBeUndefined();
});

test('a Deployment becomes available; each pod answers on an address of its own, and Services know them', async () => {
  await cluster.createDeployment('shop', [web], 2);
  await cluster.create('v1', 'Service', 'shop', { selector: { app: 'shop' }, ports: [{ port: 80, targetPort: 8080 }] });
  await rolledOut('shop', 2);
  const addresses = (await cluster.podsOf('shop')).map((pod) => pod.status?.podIP ?? '');
  expect(new Set(addresses).size).toBe(2);
  for (const address of addresses) {
    expect(address).toMatch(/^10\./);
    expect(await body(`http://${address.replace(/^10\./, '127.')}:8080/`)).toContain('hello from shop-');
  }
  await eventually('both in the EndpointSlice', async () => {
    const slices = await cluster.kubectl(
      'get',
      'endpointslices',
      '-l',
      'kubernetes.io/service-name=shop',
      '-o',
      'json',
    );
    return addresses.every((address) => slices.includes(address));
  });
});

test('a rollout to a broken image stalls and is undone', async () => {
  await cluster.createDeployment('roll', [web], 2);
  await rolledOut('roll', 2);
  await cluster.kubectl('set', 'image', 'deployment/roll', 'web=kubeskippy.local/web:broken-2');
  const stuck = await eventually('a pod in ImagePullBackOff', async () =>
    (await cluster.podsOf('roll')).find(
      (pod) => pod.status?.containerStatuses?.[0]?.state.waiting?.reason === 'ImagePullBackOff',
    ),
  );
  expect(stuck.status?.containerStatuses?.[0]?.state.waiting?.message).toMatch(
    /^Back-off pulling image "kubeskippy.local\/web:broken-2": ErrImagePull: .*not found$/,
  );
  expect(stuck.status?.phase).toBe('Pending');
  await cluster.eventOf(stuck.metadata.uid, 'Failed', 'Failed to pull image "kubeskippy.local/web:broken-2"');
  await cluster.eventOf(stuck.metadata.uid, 'Failed', 'Error: ErrImagePull');
  await cluster.eventOf(stuck.metadata.uid, 'BackOff', 'Back-off pulling image');
  await cluster.kubectl('rollout', 'undo', 'deployment/roll');
  await rolledOut('roll', 2);
  await eventually('the broken pod gone', async () => (await cluster.pod(stuck.metadata.name)) === undefined);
});

describe('a container that crashes', () => {
  test('is terminated first, restarted at once, and in CrashLoopBackOff only later', async () => {
    const history = await cluster.recordStates('crash');
    const { metadata } = await cluster.createPod('crash', {
      // The second one, which cannot start, keeps the node busy with the pod: still the crash must show first.
      containers: [
        { name: 'c', image: 'kubeskippy.local/crasher:1', args: ['--exit-code', '3'] },
        { name: 'd', image: 'Bad//Name' },
      ],
    });
    const status = await cluster.containerOf('crash', ({ state }) => state.waiting?.reason === 'CrashLoopBackOff');
    expect(status).toMatchObject({
      ready: false,
      started: false,
      lastState: { terminated: { exitCode: 3, reason: 'Error' } },
    });
    expect(status.state.waiting?.message).toMatch(/^back-off \d+s restarting failed container=c pod=crash_default\(/);
    const expected = /ContainerCreating 0, (running 0, )?Error 0, running 1, Error 1, waiting CrashLoopBackOff 1/;
    await eventually('the states in order', () => Promise.resolve(expected.test(history.states().join(', '))));
    await history.stop();
    expect(history.at('waiting CrashLoopBackOff 1') - history.at('Error 1')).toBeGreaterThan(900); // base: 1 s
    const event = await cluster.eventOf(
      metadata.uid,
      'BackOff',
      'Back-off restarting failed container c in pod crash_default(',
    );
    expect(event).toMatchObject({ type: 'Warning', involvedObject: { fieldPath: 'spec.containers{c}' } });
    const repeated = await eventually('a counted event', async () =>
      (await cluster.eventsOf(metadata.uid)).find(({ reason, count }) => reason === 'Started' && count > 1),
    );
    expect(repeated.message).toBe('Container started');
    const { restartCount } = await cluster.containerOf('crash', (later) => later.restartCount > status.restartCount);
    expect(restartCount).toBe(status.restartCount + 1);
  });

  test('with restartPolicy OnFailure or Never: Jobs complete and fail', async () => {
    const job = (name: string, exitCode: number) =>
      cluster.create('batch/v1', 'Job', name, {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: 'Never',
            containers: [
              {
                name: 'j',
                image: 'kubeskippy.local/job:1',
                args: ['--seconds', '0.2', '--exit-code', String(exitCode)],
              },
            ],
          },
        },
      });
    await job('good', 0);
    await job('bad', 4);
    const conditions = async (name: string) =>
      (
        await cluster.client.get<{ status?: { conditions?: { type: string; status: string }[] } }>(resources.jobs, {
          namespace: 'default',
          name,
        })
      ).status?.conditions ?? [];
    const ended = async (name: string): Promise<string> =>
      eventually(`an end of job ${name}`, async () =>
        (await conditions(name)).map(({ type }) => type).find((type) => type === 'Complete' || type === 'Failed'),
      );
    expect([await ended('good'), await ended('bad')]).toEqual(['Complete', 'Failed']);
  });
});

describe('a container that cannot start', () => {
  test('names a host binary: RunContainerError, and nothing of the host runs', async () => {
    const history = await cluster.recordStates('shell');
    const { metadata } = await cluster.createPod('shell', {
      containers: [{ name: 'c', image: 'kubeskippy.local/web:1', command: ['/bin/sh', '-c', 'touch /tmp/owned'] }],
    });
    await cluster.containerOf('shell', ({ state }) => state.waiting?.reason === 'CrashLoopBackOff');
    await history.stop();
    expect(history.states()).toContain('waiting RunContainerError 0');
    const status = await cluster.containerOf('shell', ({ lastState }) => lastState.terminated !== undefined);
    expect(status.lastState.terminated).toMatchObject({ reason: 'StartError', exitCode: 128 });
    await cluster.eventOf(metadata.uid, 'Failed', 'exec: "/bin/sh": executable file not found');
  });

  test('lacks a ConfigMap key: CreateContainerConfigError until it is there', async () => {
    const env = [{ name: 'LEVEL', valueFrom: { configMapKeyRef: { name: 'late', key: 'level' } } }];
    await cluster.createPod('config', { containers: [{ name: 'c', image: 'kubeskippy.local/sleeper:1', env }] });
    const { state } = await cluster.containerOf(
      'config',
      (status) => status.state.waiting?.reason === 'CreateContainerConfigError',
    );
    expect(state.waiting?.message).toBe('configmap "late" not found');
    await cluster.kubectl('create', 'configmap', 'late', '--from-literal=level=debug');
    await cluster.containerOf('config', (status) => status.state.running !== undefined);
  });

  test.each([
    ['never', { image: 'kubeskippy.local/none:1', imagePullPolicy: 'Never' as const }, 'ErrImageNeverPull'],
    ['malformed', { image: 'Bad//Name' }, 'InvalidImageName'],
    ['stranger', { image: 'registry.example.com/app:1' }, 'ImagePullBackOff'],
  ])('image %s', async (name, container, reason) => {
    await cluster.createPod(`image-${name}`, { containers: [{ name: 'c', ...container }] });
    const status = await cluster.containerOf(`image-${name}`, ({ state }) => state.waiting?.reason === reason);
    expect(status).toMatchObject({ restartCount: 0, ready: false, imageID: '' });
  });

  test('a malformed DATABASE_URL ends the web program with a clear line', async () => {
    await cluster.createPod('badconfig', {
      restartPolicy: 'Never',
      containers: [{ ...web, env: [{ name: 'DATABASE_URL', value: 'postgres//oops' }] }],
    });
    await cluster.containerOf('badconfig', ({ state }) => state.terminated?.exitCode === 1);
    expect(await cluster.kubectl('logs', 'badconfig')).toBe(
      'web: fatal: DATABASE_URL is malformed: expected scheme://host/name, got "postgres//oops"\n',
    );
  });
});

test('init containers run in order, a sidecar beside the rest, and the pod succeeds', async () => {
  const job = (name: string) => ({ name, image: 'kubeskippy.local/job:1', args: ['--seconds', '0.3'] });
  await cluster.createPod('inits', {
    restartPolicy: 'Never',
    initContainers: [
      job('one'),
      { name: 'side', image: 'kubeskippy.local/sleeper:1', restartPolicy: 'Always' },
      job('two'),
    ],
    containers: [job('main')],
  });
  const pod = await eventually('the pod succeeded', async () => {
    const found = await cluster.pod('inits');
    return found?.status?.phase === 'Succeeded' && found;
  });
  const at = (name: string, edge: 'startedAt' | 'finishedAt'): number => {
    const all = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
    return Date.parse(all.find((status) => status.name === name)?.state.terminated?.[edge] ?? '');
  };
  expect(at('two', 'startedAt')).toBeGreaterThanOrEqual(at('one', 'finishedAt'));
  expect(at('main', 'startedAt')).toBeGreaterThanOrEqual(at('two', 'finishedAt'));
  expect(at('side', 'finishedAt')).toBeGreaterThanOrEqual(at('main', 'finishedAt'));
});

test('over its memory limit a container is OOMKilled with 137; its spool is reloaded in the same pod, not in a new one', async () => {
  const leaker = {
    name: 'leak',
    image: 'kubeskippy.local/leaker:1',
    args: ['--rate', '40'],
    resources: { limits: { memory: '128Mi' } },
    volumeMounts: [{ name: 'spool', mountPath: '/spool' }],
  };
  const spec = { volumes: [{ name: 'spool', emptyDir: {} }], containers: [leaker] };
  const { metadata } = await cluster.createPod('leak', spec);
  const status = await cluster.containerOf(
    'leak',
    ({ restartCount, state }) => restartCount >= 1 && state.running === undefined,
  );
  const ended = status.state.terminated ?? status.lastState.terminated;
  expect(ended).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
  expect(await cluster.kubectl('logs', 'leak', '--previous').catch(() => cluster.kubectl('logs', 'leak'))).toMatch(
    /reloading a backlog of \d+ MiB|leaking 40/,
  );
  await cluster.eventOf('kubeskippy-local', 'OOMKilling', 'Memory cgroup out of memory: Killed process');
  await cluster.kubectl('delete', 'pod', 'leak', '--wait=true');
  const fresh = await cluster.createPod('leak', spec);
  expect(fresh.metadata.uid).not.toBe(metadata.uid);
  await cluster.containerOf('leak', ({ state }) => state.running !== undefined);
  expect(await eventually('its log', async () => cluster.kubectl('logs', 'leak'))).not.toContain('reloading');
});

test('a StatefulSet pod is replaced under the same name by another process', async () => {
  await cluster.create('v1', 'Service', 'db', { clusterIP: 'None', selector: { app: 'db' } });
  await cluster.create('apps/v1', 'StatefulSet', 'db', {
    serviceName: 'db',
    selector: { matchLabels: { app: 'db' } },
    template: {
      metadata: { labels: { app: 'db' } },
      spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'c', image: 'kubeskippy.local/sleeper:1' }] },
    },
  });
  const before = await cluster.containerOf('db-0', ({ state }) => state.running !== undefined);
  await cluster.kubectl('delete', 'pod', 'db-0', '--wait=false');
  const after = await cluster.containerOf(
    'db-0',
    (status, pod) =>
      status.state.running !== undefined &&
      status.containerID !== before.containerID &&
      pod.metadata.deletionTimestamp === undefined,
  );
  expect(after.restartCount).toBe(0);
});

test('an eviction waits for the disruption budget', async () => {
  await cluster.createDeployment('budget', [web], 1);
  await rolledOut('budget', 1);
  const budget = { minAvailable: 1, selector: { matchLabels: { app: 'budget' } } };
  const budgets = {
    group: 'policy',
    version: 'v1',
    plural: 'poddisruptionbudgets',
    kind: 'PodDisruptionBudget',
    namespaced: true,
  };
  await cluster.client.create(
    budgets,
    { namespace: 'default' },
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: { name: 'budget' }, spec: budget },
  );
  const evict = async (): Promise<number> => {
    const [pod] = await cluster.podsOf('budget');
    const name = pod?.metadata.name ?? '';
    try {
      await cluster.client.create(
        resources.pods,
        { namespace: 'default', name, subresource: 'eviction' },
        { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } },
      );
      return 201;
    } catch (error) {
      return error instanceof Error && 'status' in error ? Number(error.status) : 0;
    }
  };
  expect(await eventually('a refusal', async () => (await evict()) === 429)).toBe(true);
  await cluster.kubectl('scale', 'deployment/budget', '--replicas=2');
  await rolledOut('budget', 2);
  expect(await eventually('an eviction', async () => (await evict()) === 201)).toBe(true);
});

test('activeDeadlineSeconds ends the pod', async () => {
  await cluster.createPod('deadline', {
    activeDeadlineSeconds: 1,
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'c', image: 'kubeskippy.local/sleeper:1' }],
  });
  const pod = await eventually('a failed pod', async () => {
    const found = await cluster.pod('deadline');
    return (
      found?.status?.phase === 'Failed' && found.status.containerStatuses?.[0]?.state.terminated !== undefined && found
    );
  });
  expect(pod.status?.reason).toBe('DeadlineExceeded');
});

test('a new image restarts the container in place, a new memory limit does not', async () => {
  const limited = (memory: string) => ({
    containers: [{ name: 'c', resources: { limits: { memory }, requests: { memory } } }],
  });
  await cluster.createPod('inplace', {
    containers: [
      { name: 'c', image: 'kubeskippy.local/sleeper:1', resources: limited('128Mi').containers[0]!.resources },
    ],
  });
  const before = await cluster.containerOf('inplace', ({ state }) => state.running !== undefined);
  await cluster.client.patch(
    resources.pods,
    { namespace: 'default', name: 'inplace', subresource: 'resize' },
    'strategic',
    { spec: limited('256Mi') },
  );
  const resized = await cluster.containerOf(
    'inplace',
    ({ resources: granted }) => granted?.limits?.['memory'] === '256Mi',
  );
  expect(resized).toMatchObject({ restartCount: 0, containerID: before.containerID });
  await cluster.kubectl('set', 'image', 'pod/inplace', 'c=kubeskippy.local/sleeper:2');
  const restarted = await cluster.containerOf(
    'inplace',
    ({ state, restartCount }) => state.running !== undefined && restartCount === 1,
  );
  expect(restarted.image).toBe('kubeskippy.local/sleeper:2');
});

function body(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => {
        resolve(text);
      });
    }).on('error', reject);
  });
}
