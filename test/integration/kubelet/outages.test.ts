import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import { kubeletProcess } from '../../../src/local/kubelet/kubelet-process.ts';
import { Cluster, eventually } from './cluster.ts';

let cluster: Cluster;
beforeAll(async () => {
  cluster = await Cluster.start();
}, 60_000);
afterAll(async () => {
  await cluster.stop();
});

const sleeper = (args: readonly string[] = []) => ({
  containers: [{ name: 'c', image: 'kubeskippy.local/sleeper:1', args }],
});
const pidsOf = (marker: string): readonly number[] =>
  [...cluster.processes()].filter(([, command]) => command.includes(marker)).map(([pid]) => pid);
const nodeReady = async (): Promise<boolean> => {
  const node = await cluster.client.get<{ status: { conditions: { type: string; status: string }[] } }>(
    resources.nodes,
    { name: 'kubeskippy-local' },
  );
  return node.status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
};

test('the API server dies: processes live on, a crash is restarted and told later, nothing is started twice', async () => {
  await cluster.createPod('steady', sleeper(['--tick', '4321']));
  await cluster.createPod('crash', {
    containers: [{ name: 'c', image: 'kubeskippy.local/crasher:1', args: ['--after', '1', '--exit-code', '9'] }],
  });
  const before = await cluster.containerOf('steady', ({ state }) => state.running !== undefined);
  await cluster.containerOf('crash', ({ state }) => state.running !== undefined);
  const pids = pidsOf('4321');
  expect(pids).toHaveLength(1);
  const crash = await cluster.pod('crash');

  cluster.env.supervisor.kill('kube-apiserver', 'SIGKILL');
  await eventually('the API server back', async () => (await cluster.pod('steady')) !== undefined, 30_000);
  const after = await cluster.containerOf(
    'crash',
    ({ restartCount, lastState }) => restartCount >= 2 && lastState.terminated?.exitCode === 9,
  );
  expect(after.restartCount).toBeGreaterThan(crash?.status?.containerStatuses?.[0]?.restartCount ?? 99);
  expect(pidsOf('4321')).toEqual(pids);
  expect(await cluster.containerOf('steady', () => true)).toMatchObject({
    restartCount: 0,
    containerID: before.containerID,
  });
  await eventually('events again', async () =>
    (await cluster.eventsOf(crash?.metadata.uid ?? '')).some(({ reason }) => reason === 'BackOff'),
  );
  await cluster.kubectl('delete', 'pod', 'crash', '--wait=true');
}, 60_000);

test('a pod that was deleted while the node did not look is ended', async () => {
  await cluster.createPod('gone', { terminationGracePeriodSeconds: 1, ...sleeper(['--tick', '5555']) });
  await cluster.containerOf('gone', ({ state }) => state.running !== undefined);
  process.kill(cluster.kubeletPid, 'SIGSTOP');
  await cluster.kubectl('delete', 'pod', 'gone', '--force', '--grace-period=0');
  process.kill(cluster.kubeletPid, 'SIGCONT');
  await eventually('no process', () => Promise.resolve(pidsOf('5555').length === 0));
  expect(pidsOf('4321')).toHaveLength(1); // the others are not touched
});

test('kill -9 of the kubelet leaves no process; the next one starts the containers anew and says so', async () => {
  await cluster.createPod('once', { restartPolicy: 'Never', ...sleeper() });
  await cluster.containerOf('once', ({ state }) => state.running !== undefined);
  const pids = [...cluster.processes().keys()];
  expect(pids.length).toBeGreaterThanOrEqual(2);
  const address = (await cluster.pod('steady'))?.status?.podIP;
  const { renewTime } = (await lease()).spec;
  process.kill(cluster.kubeletPid, 'SIGKILL');
  await eventually(
    'all processes gone',
    () => Promise.resolve(!pids.some((pid) => cluster.processes().has(pid))),
    5000,
  );

  const status = await cluster.containerOf(
    'steady',
    ({ restartCount, state }) => restartCount === 1 && state.running !== undefined,
  );
  expect(status.lastState.terminated).toMatchObject({ exitCode: 255, reason: 'Unknown' });
  expect(pidsOf('4321')).toHaveLength(1);
  expect((await cluster.pod('steady'))?.status?.podIP).toBe(address);
  const lost = await eventually('the pod that never restarts failed', async () => {
    const pod = await cluster.pod('once');
    return pod?.status?.phase === 'Failed' && pod;
  });
  expect(lost.status?.containerStatuses?.[0]).toMatchObject({
    restartCount: 0,
    state: { terminated: { exitCode: 255 } },
  });
  await eventually('the lease renewed', async () => (await lease()).spec.renewTime !== renewTime);
}, 60_000);

test('a status that somebody else wrote is put right', async () => {
  const forged = { status: { phase: 'Failed', reason: 'Forged', containerStatuses: [] } };
  const at = { namespace: 'default', name: 'steady', subresource: 'status' };
  await cluster.client.patch(resources.pods, at, 'merge', forged);
  const status = await cluster.containerOf(
    'steady',
    ({ state }, pod) => state.running !== undefined && pod.status?.phase === 'Running',
  );
  expect(status.restartCount).toBe(1);
});

test('SIGTERM: the node says that it is not ready and ends its processes; what was deleted meanwhile leaves nothing', async () => {
  const uid = (await cluster.pod('steady'))?.metadata.uid ?? '';
  const directories = () => readdirSync(join(cluster.env.directory, 'kubelet', 'pods'));
  await cluster.env.supervisor.stop('kubelet');
  expect(cluster.processes().size).toBe(0);
  expect(await nodeReady()).toBe(false);
  expect(directories()).toContain(uid);
  await cluster.kubectl('delete', 'pod', 'steady', '--force', '--grace-period=0');
  await cluster.env.supervisor.start(kubeletProcess(cluster.env));
  expect(await nodeReady()).toBe(true);
  expect(directories()).not.toContain(uid);
}, 30_000);

const lease = () =>
  cluster.client.get<{ spec: { renewTime: string } }>(resources.leases, {
    namespace: 'kube-node-lease',
    name: 'kubeskippy-local',
  });
