import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import { localDown } from '../../../src/local/local-down.ts';
import { findState } from '../../../src/local/local-state.ts';
import { localStatus } from '../../../src/local/local-status.ts';
import { localUp } from '../../../src/local/local-up.ts';
import { freePort, isFree } from '../../../src/local/servers/ports.ts';
import { isAlive, signalProcess, type ProcessIdentity } from '../../../src/local/supervisor/process-identity.ts';
import { eventually } from '../../support/eventually.ts';
import { allGone } from '../../support/local/stand-in.ts';
import { temporaryDirectory } from '../../support/local/temporary-directory.ts';

const NAMES = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'prometheus',
  'temporal',
];
let stateDirectory: string;
afterEach(async () => {
  await localDown({ stateDirectory });
}, 60_000);

const processesOf = (directory: string): ProcessIdentity[] => {
  const found = findState(directory);
  if (found.kind === 'none') throw new Error('no state');
  return [found.state.daemon, ...found.state.processes.flatMap(({ process }) => process ?? [])];
};

test('up, status, up again, a killed server, down, status, down again', async () => {
  stateDirectory = temporaryDirectory();
  expect(localStatus(stateDirectory)).toEqual({ running: false, stale: false });
  const lines: string[] = [];
  const say = (line: string): void => void lines.push(line);
  const [first, second] = await Promise.all([localUp({ stateDirectory, say }), localUp({ stateDirectory, say })]);
  expect(second.daemon).toEqual(first.daemon);
  expect(lines.join('\n')).toMatch(/waiting for pid \d+/);
  expect(lines.join('\n')).toContain(`the local environment runs already (pid ${first.daemon.pid})`);

  const status = localStatus(stateDirectory);
  if (!status.running) throw new Error('not running');
  expect(status.processes.map(({ name }) => name).sort()).toEqual(NAMES);
  expect(status.processes.filter(({ ready, pid, port }) => !ready || pid === undefined || port === undefined)).toEqual(
    [],
  );
  const admin = KubeClient.load({ kubeconfig: first.kubeconfig });
  await eventually(async () => {
    const node = await admin.get<{ readonly status: { readonly conditions: readonly object[] } }>(resources.nodes, {
      name: 'kubeskippy-local',
    });
    expect(node.status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }));
  }, 20_000);

  const before = processesOf(stateDirectory);
  const scheduler = status.processes.find(({ name }) => name === 'kube-scheduler');
  process.kill(scheduler?.pid ?? Number.NaN, 'SIGKILL');
  await eventually(() => {
    const now = localStatus(stateDirectory);
    const found = now.running ? now.processes.find(({ name }) => name === 'kube-scheduler') : undefined;
    expect(found).toMatchObject({ ready: true, restarts: 1 });
    expect(found?.pid).not.toBe(scheduler?.pid);
  }, 20_000);

  const after = processesOf(stateDirectory);
  expect(await localDown({ stateDirectory })).toBe(true);
  expect([...before, ...after].filter(isAlive)).toEqual([]);
  expect(localStatus(stateDirectory)).toEqual({ running: false, stale: false });
  expect(await localDown({ stateDirectory })).toBe(false);
  expect(existsSync(join(stateDirectory, 'data/etcd'))).toBe(true);
  await localDown({ stateDirectory, deleteData: true });
  expect(existsSync(join(stateDirectory, 'data'))).toBe(false);
}, 120_000);

test('a background process that was killed takes its servers along; the next up says so and goes on with the data', async () => {
  stateDirectory = temporaryDirectory();
  const { daemon, kubeconfig } = await localUp({ stateDirectory });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } };
  await KubeClient.load({ kubeconfig }).create(resources.namespaces, {}, namespace);
  const processes = processesOf(stateDirectory);
  signalProcess(daemon, 'SIGKILL');
  await allGone(processes, 5000);
  expect(localStatus(stateDirectory)).toEqual({ running: false, stale: true });
  const lines: string[] = [];
  const again = await localUp({ stateDirectory, say: (line) => lines.push(line) });
  expect(lines[0]).toContain(`pid ${daemon.pid} is gone`);
  const kept = await KubeClient.load({ kubeconfig: again.kubeconfig }).get(resources.namespaces, { name: 'kept' });
  expect(kept).toMatchObject({ metadata: { name: 'kept' } });
}, 120_000);

test('a background process whose state file was removed ends, since nothing could find it any more', async () => {
  stateDirectory = temporaryDirectory();
  await localUp({ stateDirectory });
  const processes = processesOf(stateDirectory);
  rmSync(join(stateDirectory, 'state.json'));
  await allGone(processes, 30_000);
}, 90_000);

test('what keeps it from starting is what up says, and nothing is left', async () => {
  stateDirectory = temporaryDirectory();
  const port = await freePort();
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  await expect(localUp({ stateDirectory, ports: { prometheus: port } })).rejects.toThrow(
    `port ${port} for prometheus is in use`,
  );
  server.close();
  expect(localStatus(stateDirectory)).toEqual({ running: false, stale: false });
}, 60_000);

test('an up that is ended before all is ready leaves nothing running', async () => {
  stateDirectory = temporaryDirectory();
  const api = await freePort();
  const module = new URL('../../../src/local/local-up.ts', import.meta.url).href;
  const program = `const { localUp } = await import('${module}');
    await localUp({ stateDirectory: '${stateDirectory}', ports: { api: ${api} } });`;
  const up: ChildProcess = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  await eventually(async () => {
    expect(await isFree(api)).toBe(false); // the API server has begun to listen
  }, 30_000);
  up.kill('SIGKILL');
  await eventually(async () => {
    expect(await isFree(api)).toBe(true);
  }, 10_000);
  expect(findState(stateDirectory)).toEqual({ kind: 'none' });
}, 60_000);
