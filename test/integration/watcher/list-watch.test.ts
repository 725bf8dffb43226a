import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { pino } from 'pino';
import type { KubeObject } from '../../../src/api/meta.ts';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import type { ListWatch } from '../../../src/adapters/kubernetes/list-watch.ts';
import type { ListWatchTimings } from '../../../src/adapters/kubernetes/list-watch-timings.ts';
import { KubeObjectWatch } from '../../../src/adapters/kubernetes/object-watch.ts';
import { pagedList } from '../../../src/adapters/kubernetes/paged-list.ts';
import { pathOf, resources } from '../../../src/adapters/kubernetes/resource.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import type { ObjectChange } from '../../../src/ports/object-watch.ts';
import { eventually } from '../../support/eventually.ts';
import { clientThrough } from '../../support/kube-link.ts';
import { TcpProxy } from '../../support/tcp-proxy.ts';

const NAMESPACE = 'default';
const LABEL = 'watched-by-test';
const { configMaps } = resources;

let env: LocalEnvironment;
let admin: KubeClient;
let proxy: TcpProxy;
let watch: ListWatch<KubeObject> | undefined;
let changes: ObjectChange<KubeObject>[];

beforeAll(async () => {
  env = await startLocalEnvironment({ components: ['apiserver'] });
  admin = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
}, 60_000);
afterAll(async () => {
  await env.stop();
});

beforeEach(async () => {
  proxy = await TcpProxy.start(env.ports.api);
  changes = [];
});
afterEach(async () => {
  await watch?.stop();
  watch = undefined;
  await proxy.stop();
  await admin.request('DELETE', pathOf(configMaps, { namespace: NAMESPACE }), {
    query: { labelSelector: `${LABEL}=true` },
  });
}, 20_000);

async function following(timings: Partial<ListWatchTimings> = {}): Promise<void> {
  const client = clientThrough(proxy.port, env.kubeconfig('admin'));
  watch = new KubeObjectWatch({ client, logger: pino({ level: 'silent' }), timings }).watch<KubeObject>({
    scope: { apiVersion: 'v1', kind: 'ConfigMap', labelSelector: `${LABEL}=true` },
    project: ({ metadata: { name, namespace = '', uid, resourceVersion } }) => ({
      metadata: { name, namespace, uid, resourceVersion },
    }),
    onChange: (change) => void changes.push(change),
  });
  watch.start();
  await watch.ready;
}

const body = (name: string, value = '0') => ({ metadata: { name, labels: { [LABEL]: 'true' } }, data: { value } });
const create = (name: string): Promise<KubeObject> => admin.create(configMaps, { namespace: NAMESPACE }, body(name));
const update = (name: string, value: string): Promise<KubeObject> =>
  admin.patch(configMaps, { namespace: NAMESPACE, name }, 'merge', { data: { value } });
const remove = (name: string): Promise<unknown> => admin.delete(configMaps, { namespace: NAMESPACE, name }, {});
/** Until the API server answers. */
const persistently = <T>(write: () => Promise<T>): Promise<T> => eventually(write, 30_000, 100);

const versions = (objects: Iterable<KubeObject>): Record<string, string> =>
  Object.fromEntries([...objects].map(({ metadata }) => [metadata.name, metadata.resourceVersion] as const));
const truth = async (): Promise<Record<string, string>> =>
  versions((await admin.list<KubeObject>(configMaps, { labelSelector: `${LABEL}=true` })).items);
/** What somebody knows who only ever saw the changes. */
function replayed(): Record<string, string> {
  const known = new Map<string, KubeObject>();
  for (const change of changes) {
    const { uid } = change.object.metadata;
    expect(known.has(uid)).toBe(change.type !== 'added');
    if (change.type === 'deleted') known.delete(uid);
    else known.set(uid, change.object);
  }
  return versions(known.values());
}
/** The watch, and whoever listened to it, know the truth. */
async function converged(withinMs: number): Promise<void> {
  const expected = await persistently(truth);
  await eventually(() => {
    expect(versions(watch?.values() ?? [])).toEqual(expected);
    expect(replayed()).toEqual(expected);
  }, withinMs);
}

describe('on a real API server', () => {
  test('follows creations, updates, deletions and objects that leave the selection and come back', async () => {
    await create('early');
    await following();
    await create('late');
    await update('early', '1');
    await admin.patch(configMaps, { namespace: NAMESPACE, name: 'late' }, 'merge', {
      metadata: { labels: { [LABEL]: 'no' } },
    });
    await eventually(() => {
      expect(changes.map(({ type, object }) => `${type} ${object.metadata.name}`)).toEqual([
        'added early',
        'added late',
        'updated early',
        'deleted late',
      ]);
    });
    await admin.patch(configMaps, { namespace: NAMESPACE, name: 'late' }, 'merge', {
      metadata: { labels: { [LABEL]: 'true' } },
    });
    await converged(5_000);
    expect(watch?.stats()).toMatchObject({ fullSyncs: { start: 1 }, disconnects: {}, listFallbacks: 0 });
  });

  test('every watch has a connection of its own, so that a dead one takes nobody with it', async () => {
    const client = clientThrough(proxy.port, env.kubeconfig('admin'));
    const abort = new AbortController();
    for (let opened = 1; opened <= 3; opened++) {
      const { body } = await client.stream(pathOf(configMaps), { query: { watch: true }, signal: abort.signal });
      body.on('error', () => undefined);
      expect(proxy.openLinks).toBe(opened);
    }
    abort.abort();
  });

  test('a connection that is cut is taken up where it broke', async () => {
    await following();
    for (let round = 0; round < 5; round++) {
      await create(`cut-${round}`);
      proxy.cut();
      await update(`cut-${round}`, '1');
    }
    await converged(10_000);
    expect(watch?.stats().fullSyncs).toEqual({ start: 1 });
    expect(watch?.stats().disconnects.network).toBeGreaterThanOrEqual(1);
  });

  test('a link that goes dead without a word is noticed, and an object made again meanwhile is another one', async () => {
    await create('stays');
    const before = await create('again');
    await following({ silenceMs: 1_500 });
    proxy.blackOut();
    await remove('again');
    const after = await create('again');
    await create('new');
    await eventually(() => {
      expect(watch?.stats().disconnects.silent).toBe(1);
    }, 10_000);
    proxy.restore();
    const restored = performance.now();
    await converged(20_000);
    expect(performance.now() - restored).toBeLessThan(15_000); // back-off of at most 10 s, connecting for at most 5 s
    const again = changes.filter(({ object }) => object.metadata.name === 'again');
    expect(again.map(({ type, object }) => [type, object.metadata.uid])).toEqual([
      ['added', before.metadata.uid],
      ['deleted', before.metadata.uid],
      ['added', after.metadata.uid],
    ]);
  }, 40_000);

  test('SIGSTOP of the API server is noticed, and nothing is missed after SIGCONT', async () => {
    await create('before');
    await following({ silenceMs: 1_500, headersTimeoutMs: 1_500 });
    env.supervisor.kill('kube-apiserver', 'SIGSTOP');
    try {
      await eventually(() => {
        expect(watch?.stats().disconnects.silent).toBe(1);
        expect(watch?.stats().disconnects.network).toBeGreaterThanOrEqual(1); // and so is the failure to connect again
      }, 20_000);
    } finally {
      env.supervisor.kill('kube-apiserver', 'SIGCONT');
    }
    await persistently(() => create('after'));
    await converged(20_000);
  }, 60_000);

  test('kill -9 of the API server, again and again, loses and doubles nothing', async () => {
    for (let index = 0; index < 10; index++) await create(`object-${index}`);
    await following();
    for (let round = 0; round < 3; round++) {
      await persistently(() => update('object-0', String(round)));
      env.supervisor.kill('kube-apiserver', 'SIGKILL');
      await persistently(() => update(`object-${round + 1}`, 'changed'));
      await persistently(() => remove(`object-${round + 5}`));
      await persistently(() => create(`object-${round + 20}`));
    }
    await converged(15_000);
    expect(watch?.stats().problem).toBeUndefined();
  }, 120_000);

  test('a version that the server no longer has leads to a full sync that finds the deletions', async () => {
    await create('gone');
    await create('stays');
    await following({ silenceMs: 1_500 });
    await eventually(() => {
      expect(changes).toHaveLength(2);
    });
    proxy.blackOut();
    await remove('gone');
    await create('new');
    env.supervisor.kill('kube-apiserver', 'SIGKILL'); // its watch cache begins with what is there now
    await persistently(() => update('stays', '1'));
    proxy.restore();
    await converged(20_000);
    expect(watch?.stats().fullSyncs.expired).toBeGreaterThanOrEqual(1);
    expect(changes.find(({ type }) => type === 'deleted')).toMatchObject({ finalStateUnknown: true });
  }, 60_000);

  test('a database that was restored from a backup is noticed: its versions go back', async () => {
    await create('in-backup');
    const data = join(env.directory, 'etcd');
    const backup = join(env.directory, 'etcd-backup');
    await withoutServers(() => {
      cpSync(data, backup, { recursive: true });
    });
    await following();
    await create('lost');
    for (let round = 0; round < 50; round++) await update('in-backup', String(round));
    await converged(15_000);
    await withoutServers(() => {
      rmSync(data, { recursive: true });
      cpSync(backup, data, { recursive: true });
    });
    await create('after');
    await converged(45_000);
    expect(Object.keys(versions(watch?.values() ?? [])).sort()).toEqual(['after', 'in-backup']);
    const { fullSyncs } = watch!.stats();
    expect((fullSyncs.regression ?? 0) + (fullSyncs.expired ?? 0)).toBeGreaterThanOrEqual(1);
  }, 120_000);

  test('lists come in pages, with kind and version that their items leave out', async () => {
    await Promise.all(
      Array.from({ length: 10 }, async (_, lane) => {
        for (let index = 0; index < 52; index++) await create(`page-${lane}-${index}`);
      }),
    );
    const pages = [];
    for await (const page of pagedList(admin, {
      path: pathOf(configMaps),
      apiVersion: 'v1',
      kind: 'ConfigMap',
      query: { labelSelector: `${LABEL}=true` },
      signal: AbortSignal.timeout(20_000),
      timeoutMs: 10_000,
    }))
      pages.push(page);
    expect(pages.map(({ items }) => items.length)).toEqual([500, 20]);
    expect(pages[1]?.resourceVersion).toBe(pages[0]?.resourceVersion);
    expect(pages[0]?.items[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  }, 60_000);
});

async function withoutServers(change: () => void): Promise<void> {
  const specs = ['etcd', 'kube-apiserver'].map((name) => env.supervisor.get(name).spec);
  await env.supervisor.stop('kube-apiserver');
  await env.supervisor.stop('etcd');
  change();
  for (const spec of specs) await env.supervisor.start(spec);
}
