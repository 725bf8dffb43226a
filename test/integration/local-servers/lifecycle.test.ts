import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import { TEMPORARY_PREFIX } from '../../../src/local/leftovers.ts';
import { freePort } from '../../../src/local/servers/ports.ts';
import { identify, processStat, type ProcessIdentity } from '../../../src/local/supervisor/process-identity.ts';
import { allGone, startStandIn } from '../../support/local/stand-in.ts';
import { temporaryDirectory } from '../../support/local/temporary-directory.ts';

const environments: LocalEnvironment[] = [];
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(environments.splice(0).map((environment) => environment.stop()));
  for (const server of servers.splice(0)) server.close();
});

async function start(...options: Parameters<typeof startLocalEnvironment>): Promise<LocalEnvironment> {
  const environment = await startLocalEnvironment(...options);
  environments.push(environment);
  return environment;
}

/** This process's children that are servers or reapers. */
function children(): ProcessIdentity[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && processStat(pid)?.parent === process.pid)
    .flatMap((pid) => identify(pid) ?? []);
}

const openFilesOf = (pid: number): string[] =>
  readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return []; // closed meanwhile
    }
  });

const admin = (environment: LocalEnvironment): KubeClient =>
  KubeClient.load({ kubeconfig: environment.kubeconfig('admin') });

test('everything ends within 5 s when the process that started it is killed', async () => {
  const module = new URL('../../../src/local/environment.ts', import.meta.url).href;
  const directory = temporaryDirectory();
  const { child, pids } = await startStandIn(`
    const { startLocalEnvironment } = await import('${module}');
    const { supervisor } = await startLocalEnvironment({ directory: '${directory}' });
    console.log(supervisor.status().map(({ process }) => process.pid).join(' '), supervisor.reaper.pid);`);
  expect(pids).toHaveLength(7);
  child.kill('SIGKILL');
  await allGone(pids, 5000);
});

test('what a killed run has left on the disk is removed by the next one; what is kept, or in use, is not', async () => {
  const module = new URL('../../../src/local/environment.ts', import.meta.url).href;
  const { child, pids } = await startStandIn(`
    const { startLocalEnvironment } = await import('${module}');
    const { supervisor } = await startLocalEnvironment({ components: ['temporal'] });
    console.log(supervisor.status().map(({ process }) => process.pid).join(' '));`);
  const { directory: inUse } = await start({ components: ['temporal'] });
  const left = dirname(openFilesOf(pids[0]?.pid ?? 0).find((file) => basename(file) === 'temporal.db') ?? '');
  const kept = mkdtempSync(join(tmpdir(), TEMPORARY_PREFIX));
  expect(existsSync(left)).toBe(true);
  const over = once(child, 'exit'); // until then its right to the directory may last, longer than its servers
  child.kill('SIGKILL');
  await Promise.all([over, allGone(pids, 5000)]);
  await start({ components: ['temporal'] });
  expect(existsSync(left)).toBe(false);
  expect([existsSync(inUse), existsSync(kept)]).toEqual([true, true]);
  rmdirSync(kept);
});

test('everything ends when the process is killed while it is still starting', async () => {
  const module = new URL('../../../src/local/environment.ts', import.meta.url).href;
  const directory = temporaryDirectory();
  const program = `
    const { startLocalEnvironment } = await import('${module}');
    await startLocalEnvironment({ directory: '${directory}' });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const started = await new Promise<ProcessIdentity[]>((resolve) => {
    const timer = setInterval(() => {
      const found = readdirSync('/proc')
        .map(Number)
        .filter((pid) => Number.isInteger(pid) && processStat(pid)?.parent === child.pid)
        .flatMap((pid) => identify(pid) ?? []);
      if (found.length < 3) return; // the reaper and two servers
      clearInterval(timer);
      resolve(found);
    }, 5);
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
  await allGone(started, 5000);
});

describe('a port that is asked for and in use', () => {
  test('gives one error before anything is started', async () => {
    const port = await freePort();
    const server = createServer().listen(port, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const before = children().length;
    await expect(start({ components: ['apiserver'], ports: { api: port } })).rejects.toThrow(
      new RegExp(`^port ${port} for api is in use by .*\\(pid ${process.pid}\\).*--api-port`),
    );
    expect(children()).toHaveLength(before);
  });
});

test('a server that cannot start fails the whole start with its log, and leaves nothing running', async () => {
  const directory = temporaryDirectory();
  writeFileSync(`${directory}/etcd`, 'not a directory');
  const before = children().length;
  await expect(start({ components: ['apiserver'], directory })).rejects.toThrow(
    /etcd ended before it was ready[^]*\n {4}/,
  );
  await allGone(children().slice(before));
});

test('two environments run side by side, with nothing in common', async () => {
  const [first, second] = await Promise.all([
    start({ components: ['apiserver'] }),
    start({ components: ['apiserver'] }),
  ]);
  const shared = Object.values(first.ports).filter((port) => Object.values(second.ports).includes(port));
  expect(shared).toEqual([]);
  await admin(first).create(
    resources.namespaces,
    {},
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'mine' } },
  );
  expect(await admin(second).find(resources.namespaces, { name: 'mine' })).toBeUndefined();
  await expect(
    KubeClient.load({ kubeconfig: second.kubeconfig('admin') }).request('GET', '/api', { timeoutMs: 5000 }),
  ).resolves.toBeDefined();
});

test('data, tokens and certificates survive a stop; one environment at a time may use them', async () => {
  const directory = temporaryDirectory();
  const first = await start({ directory, components: ['apiserver', 'temporal'] });
  const kubeconfig = readFileSync(first.kubeconfig('alice'), 'utf8').replace(/server: .*/, '');
  await admin(first).create(
    resources.namespaces,
    {},
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } },
  );
  await expect(startLocalEnvironment({ directory, components: ['apiserver'] })).rejects.toThrow(
    `${directory} is in use by pid ${process.pid}`,
  );
  await first.stop();
  await first.stop();
  expect(existsSync(`${directory}/etcd`)).toBe(true);

  const second = await start({ directory, components: ['apiserver', 'temporal'] });
  expect(readFileSync(second.kubeconfig('alice'), 'utf8').replace(/server: .*/, '')).toBe(kubeconfig);
  expect(await admin(second).get(resources.namespaces, { name: 'kept' })).toMatchObject({ metadata: { name: 'kept' } });
});

test('the data directory that nobody named is gone after the end', async () => {
  const environment = await start({ components: ['apiserver'] });
  expect(existsSync(environment.directory)).toBe(true);
  await environment.stop();
  expect(existsSync(environment.directory)).toBe(false);
});
