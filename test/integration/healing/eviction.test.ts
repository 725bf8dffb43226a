import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createCluster } from '../../../src/adapters/kubernetes/cluster.ts';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { Pod } from '../../../src/api/workloads.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import type { ClusterPort, WriteResult } from '../../../src/ports/cluster.ts';
import { eventually } from '../../support/eventually.ts';

let env: LocalEnvironment;
let admin: KubeClient;
let cluster: ClusterPort;
let serial = 0;
let name: string;

beforeAll(async () => {
  env = await startLocalEnvironment({ components: ['apiserver', 'controller-manager'] });
  admin = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
  cluster = createCluster(admin);
  await eventually(() => admin.get(resources.serviceAccounts, { namespace: 'default', name: 'default' }), 20_000, 50);
}, 60_000);
afterAll(async () => {
  await env.stop();
});

const at = () => ({ namespace: 'default', name });
const read = (): Promise<Pod> => admin.get<Pod>(resources.pods, at());
const found = (): Promise<Pod | undefined> => admin.find<Pod>(resources.pods, at());
const annotate = (value: string): Promise<Pod> =>
  admin.patch<Pod>(resources.pods, at(), 'merge', { metadata: { annotations: { touched: value } } });

/** A pod on a node that does not exist: it is deleted, but never goes by itself. */
const create = async (phase: 'Running' | 'Pending' | 'Failed'): Promise<void> => {
  name = `pod-${(serial += 1)}`;
  await admin.create(
    resources.pods,
    { namespace: 'default' },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, labels: { app: name } },
      spec: { nodeName: 'nowhere', containers: [{ name: 'app', image: 'web:1' }] },
    },
  );
  const conditions = [{ type: 'Ready', status: phase === 'Running' ? 'True' : 'False' }];
  await admin.patch(resources.pods, { ...at(), subresource: 'status' }, 'merge', { status: { phase, conditions } });
};
const budget = async (id: string, maxUnavailable: number): Promise<void> => {
  await admin.request('POST', '/apis/policy/v1/namespaces/default/poddisruptionbudgets', {
    body: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: `${name}-${id}` },
      spec: { maxUnavailable, selector: { matchLabels: { app: name } } },
    },
  });
};
const evict = (pod: Pod, dryRun = false): Promise<WriteResult> =>
  cluster.write(
    {
      type: 'evict',
      target: { apiVersion: 'v1', kind: 'Pod', ...at() },
      uid: pod.metadata.uid,
      resourceVersion: pod.metadata.resourceVersion,
      gracePeriodSeconds: 30,
    },
    { auditId: `evict-${serial}`, dryRun, deadline: Date.now() + 10_000 },
  );

describe.each(['Running', 'Pending', 'Failed'] as const)('a pod that is %s', (phase) => {
  beforeEach(() => create(phase));

  test('is evicted at the version that was read', async () => {
    expect(await evict(await read())).toMatchObject({ result: 'written' });
    expect((await found())?.metadata.deletionTimestamp ?? 'gone').toBeDefined();
  });

  test('is left alone when it was written since', async () => {
    const pod = await read();
    await annotate('meanwhile');
    expect(await evict(pod)).toMatchObject({ result: 'conflict' });
    expect((await read()).metadata.deletionTimestamp).toBeUndefined();
  });

  test('is left alone when it is another of the same name', async () => {
    const pod = await read();
    await admin.delete(resources.pods, at(), { gracePeriodSeconds: 0 });
    serial -= 1;
    await create(phase);
    expect(await evict(pod)).toMatchObject({ result: 'conflict' });
    expect((await read()).metadata.deletionTimestamp).toBeUndefined();
  });

  test('is not evicted twice: the first has changed its version', async () => {
    const pod = await read();
    await evict(pod);
    expect(['conflict', 'gone']).toContain((await evict(pod)).result);
  });

  test('stays in a dry run', async () => {
    const pod = await read();
    expect(await evict(pod, true)).toMatchObject({ result: 'written' });
    expect(await read()).toEqual(pod);
  });
});

describe('a budget', () => {
  beforeEach(() => create('Running'));

  test('blocks an eviction, also a rehearsed one', async () => {
    await budget('none', 0);
    await eventually(
      async () => {
        expect(await evict(await read(), true)).toMatchObject({ result: 'blocked' });
      },
      10_000,
      50,
    );
    expect(await evict(await read())).toMatchObject({
      result: 'blocked',
      message: expect.stringMatching(/disruption budget/i),
    });
    expect((await read()).metadata.deletionTimestamp).toBeUndefined();
  });

  test('of which there are two makes an eviction hopeless, not a failure of the server', async () => {
    await budget('one', 1);
    await budget('two', 1);
    expect(await evict(await read())).toMatchObject({
      result: 'refused',
      message: expect.stringContaining('more than one PodDisruptionBudget'),
    });
  });
});

test('a pod that is not there is gone, and an attempt that is late writes nothing', async () => {
  await create('Running');
  const pod = await read();
  await expect(
    cluster.write(
      { type: 'evict', target: { apiVersion: 'v1', kind: 'Pod', ...at() }, uid: pod.metadata.uid },
      { auditId: 'late', dryRun: false, deadline: Date.now() + 500 },
    ),
  ).rejects.toMatchObject({ code: 'Unavailable', message: expect.stringContaining('too late') });
  expect((await read()).metadata.deletionTimestamp).toBeUndefined();
  name = 'nobody';
  expect(await evict(pod)).toEqual({ result: 'gone' });
});
