import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../../src/local/environment.ts';
import { IDENTITIES, identityNames, type Identity } from '../../../src/local/servers/identities.ts';
import { startNodeAndHealer } from '../../../src/local/stack.ts';
import type { SupervisorEvent } from '../../../src/local/supervisor/process-spec.ts';
import { eventually } from '../../support/eventually.ts';

let env: LocalEnvironment;
const events: SupervisorEvent[] = [];
const servers: Server[] = [];
const as = (identity: Identity): KubeClient => KubeClient.load({ kubeconfig: env.kubeconfig(identity) });

beforeAll(async () => {
  env = await startLocalEnvironment({ onEvent: (event) => events.push(event) });
  await startNodeAndHealer(env, as('admin'), { healer: false });
}, 120_000);
afterAll(async () => {
  for (const server of servers) server.close().closeAllConnections();
  await env.stop();
}, 60_000);

const getJson = async (url: string): Promise<unknown> => (await fetch(url)).json();

describe('who is who', () => {
  test.each(identityNames)('%s is known by its token, with its groups', async (identity) => {
    const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
    const { status } = await as(identity).request<{
      readonly status: { readonly userInfo: { readonly username: string; readonly groups: readonly string[] } };
    }>('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { body: review });
    const { user, groups } = IDENTITIES[identity];
    expect(status.userInfo.username).toBe(user);
    expect([...status.userInfo.groups].sort()).toEqual([...groups, 'system:authenticated'].sort());
  });

  test('nobody is let in without a token', async () => {
    const kubeconfig = readFileSync(env.kubeconfig('admin'), 'utf8').replace(/token: .*/, 'token: nonsense');
    const client = as('admin').kubeConfig;
    client.loadFromString(kubeconfig);
    await expect(new KubeClient(client).list(resources.pods)).rejects.toMatchObject({ reason: 'Unauthorized' });
  });

  test('a tenant owns its namespace and no other', async () => {
    const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' } };
    await as('alice').create(resources.configMaps, { namespace: 'tenant-a' }, configMap);
    await expect(as('alice').create(resources.configMaps, { namespace: 'tenant-b' }, configMap)).rejects.toMatchObject({
      reason: 'Forbidden',
    });
    await expect(as('bob').list(resources.configMaps, { namespace: 'tenant-a' })).rejects.toMatchObject({
      reason: 'Forbidden',
    });
    expect((await as('alice').list(resources.healingPolicies, { namespace: 'tenant-a' })).items).toEqual([]);
    await expect(as('alice').list(resources.healingPolicies)).rejects.toMatchObject({ reason: 'Forbidden' });
  });
});

test('the audit log tells who wrote what, when, with which body and outcome', async () => {
  const auditId = '6d1c1f9e-0000-4000-8000-000000000001';
  const at = { namespace: 'tenant-a', name: 'audited' };
  const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'audited' } };
  await as('alice').create(resources.configMaps, { namespace: 'tenant-a' }, configMap);
  await as('alice').patch(resources.configMaps, at, 'merge', { data: { key: 'value' } }, { auditId });
  const lines = readFileSync(env.auditLogFile, 'utf8').trim().split('\n');
  const entries = lines.map((line) => JSON.parse(line) as { readonly auditID: string; readonly stage: string });
  expect(entries.filter((entry) => entry.auditID === auditId)).toEqual([
    expect.objectContaining({
      stage: 'ResponseComplete',
      verb: 'patch',
      user: expect.objectContaining({ username: 'alice' }),
      objectRef: expect.objectContaining({ resource: 'configmaps', namespace: 'tenant-a', name: 'audited' }),
      requestObject: { data: { key: 'value' } },
      responseStatus: expect.objectContaining({ code: 200 }),
      requestReceivedTimestamp: expect.stringMatching(/^\d{4}-/),
      stageTimestamp: expect.stringMatching(/^\d{4}-/),
    }),
  ]);
});

test('all servers listen on 127.0.0.1 only', () => {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'latin1').split('\n'));
  const own = new Set(Object.values(env.ports).map((port) => port.toString(16).toUpperCase().padStart(4, '0')));
  const addresses = rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => state === '0A' && own.has(local?.split(':')[1] ?? ''))
    .map(([, local]) => local?.split(':')[0]);
  expect(addresses.length).toBeGreaterThanOrEqual(10);
  expect(new Set(addresses)).toEqual(new Set(['0100007F']));
});

test('Temporal has its UI, the search attributes and fast queues', async () => {
  const api = `http://127.0.0.1:${env.ports.temporalHttp}/api/v1/namespaces/default`;
  expect(await getJson(`${api}/search-attributes`)).toMatchObject({
    customAttributes: {
      KsPolicy: 'INDEXED_VALUE_TYPE_KEYWORD',
      KsTargetNs: 'INDEXED_VALUE_TYPE_KEYWORD',
      KsTarget: 'INDEXED_VALUE_TYPE_KEYWORD',
      KsAction: 'INDEXED_VALUE_TYPE_KEYWORD',
      KsPhase: 'INDEXED_VALUE_TYPE_KEYWORD',
      KsAwaitingApproval: 'INDEXED_VALUE_TYPE_BOOL',
    },
  });
  expect((await fetch(env.temporal.uiUrl)).headers.get('content-type')).toContain('text/html');
});

describe('Prometheus', () => {
  const query = async (promql: string): Promise<unknown> =>
    getJson(`${env.prometheus.url}/api/v1/query?query=${encodeURIComponent(promql)}`);

  test('scrapes what it is told to at run time', async () => {
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4').end('answer_to_everything 42\n');
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/metrics`;
    env.prometheus.setTargets('test', [{ job: 'test', url, labels: { team: 'a' } }]);
    await eventually(
      async () => {
        expect(await query('answer_to_everything{job="test",team="a"}')).toMatchObject({
          data: { result: [{ value: [expect.anything(), '42'] }] },
        });
      },
      20_000,
      200,
    );
  });

  test('scrapes the kubelet over TLS with its client certificate', async () => {
    await eventually(
      async () => {
        expect(await query('up{job="kubelet"}')).toMatchObject({
          data: { result: [{ value: [expect.anything(), '1'] }] },
        });
      },
      20_000,
      200,
    );
  });
});

test('metrics.k8s.io is served through the aggregator', async () => {
  await eventually(
    async () => {
      const list = await as('admin').request<{
        readonly items: readonly { readonly metadata: { readonly name: string } }[];
      }>('GET', '/apis/metrics.k8s.io/v1beta1/nodes');
      expect(list.items.map(({ metadata }) => metadata.name)).toEqual(['kubeskippy-local']);
    },
    20_000,
    200,
  );
});

describe('a server that is killed is restarted, announced, and still knows what it knew', () => {
  beforeAll(async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } };
    await as('admin').create(resources.namespaces, {}, namespace);
  });

  test.each([
    'etcd',
    'kube-apiserver',
    'kube-controller-manager',
    'kube-scheduler',
    'temporal',
    'prometheus',
    'kubelet',
  ])(
    '%s',
    async (name) => {
      const before = env.supervisor.get(name).pid;
      events.length = 0;
      env.supervisor.kill(name, 'SIGKILL');
      const restarted = await eventually(
        () => {
          const event = events.find((candidate) => candidate.type === 'restarted' && candidate.name === name);
          if (event === undefined) throw new Error(`no restart of ${name}: ${JSON.stringify(events)}`);
          return event;
        },
        40_000,
        50,
      );
      expect(events[0]).toMatchObject({ type: 'died', name, pid: before, exit: 'exit 137' });
      expect(restarted.message).toMatch(new RegExp(`^${name} died \\(exit 137\\), restarted after \\d`));
      expect(env.supervisor.get(name).pid).not.toBe(before);
      expect(
        await eventually(() => as('admin').get(resources.namespaces, { name: 'kept' }), 20_000, 100),
      ).toMatchObject({
        metadata: { name: 'kept' },
      });
    },
    90_000,
  );
});
