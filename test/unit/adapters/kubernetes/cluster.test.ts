import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubeConfig } from '@kubernetes/client-node';
import { createCluster } from '../../../../src/adapters/kubernetes/cluster.ts';
import { KubeClient } from '../../../../src/adapters/kubernetes/kube-client.ts';
import type { ClusterPort, Write, WriteOptions } from '../../../../src/ports/cluster.ts';
import { ScriptedApiServer } from '../../../support/scripted-api-server.ts';

let server: ScriptedApiServer;
let cluster: ClusterPort;

beforeEach(async () => {
  server = await ScriptedApiServer.start();
  cluster = createCluster(server.client());
});
afterEach(async () => {
  await server.stop();
});

const cart = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'cart' };
const patch: Write = { type: 'patch', target: cart, operations: [{ op: 'test', path: '/metadata/uid', value: 'u' }] };
const evict: Write = {
  type: 'evict',
  target: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'cart-1' },
  uid: 'u',
  resourceVersion: '7',
  gracePeriodSeconds: 5,
};
const write = (what: Write, over: Partial<WriteOptions> = {}) =>
  cluster.write(what, { auditId: 'ks/1', dryRun: false, deadline: Date.now() + 10_000, ...over });
const ok = (body: object = { metadata: { name: 'cart', uid: 'u' } }): void => {
  server.answer = () => ({ status: 200, body });
};

describe('a write', () => {
  test('of a patch is a JSON Patch under the name of the attempt', async () => {
    ok();
    expect(await write(patch)).toMatchObject({ result: 'written', object: { metadata: { uid: 'u' } } });
    expect(server.requests[0]).toMatchObject({
      method: 'PATCH',
      path: '/apis/apps/v1/namespaces/shop/deployments/cart',
      contentType: 'application/json-patch+json',
      auditId: 'ks/1',
      body: [{ op: 'test', path: '/metadata/uid', value: 'u' }],
    });
    expect(server.requests[0]?.query.get('dryRun')).toBeNull();
    expect(server.requests[0]?.query.get('fieldManager')).toBe('kubeskippy');
  });

  test('that makes something in a namespace that is being deleted finds it gone; an eviction there is refused', async () => {
    const object = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'fix', namespace: 'shop' } };
    const create: Write = { type: 'create', target: { ...object, ...object.metadata }, object };
    server.refuse(403, 'Forbidden', { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] });
    expect(await write(create)).toEqual({ result: 'gone' });
    expect(await write(evict)).toMatchObject({ result: 'refused' });
    server.refuse(403, 'Forbidden');
    expect(await write(create)).toMatchObject({ result: 'refused' });
  });

  test('of an eviction names exactly the version that was read', async () => {
    ok();
    await write(evict);
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/api/v1/namespaces/shop/pods/cart-1/eviction',
      body: {
        kind: 'Eviction',
        deleteOptions: { preconditions: { uid: 'u', resourceVersion: '7' }, gracePeriodSeconds: 5 },
      },
    });
  });

  test('that is rehearsed says so, in both kinds', async () => {
    ok();
    await write(patch, { dryRun: true });
    await write(evict, { dryRun: true });
    expect(server.requests.map(({ query }) => query.get('dryRun'))).toEqual(['All', 'All']);
  });

  test('that comes too late is not sent', async () => {
    await expect(write(patch, { deadline: Date.now() + 900 })).rejects.toMatchObject({ code: 'Unavailable' });
    expect(server.requests).toEqual([]);
  });

  test('to a name that climbs, or a kind that nobody knows, is not sent', async () => {
    for (const target of [
      { ...cart, name: '..' },
      { ...cart, namespace: '.' },
      { ...cart, name: 'a/b' },
      { ...cart, kind: 'Secret' },
    ])
      await expect(write({ ...patch, target })).rejects.toMatchObject({ code: 'Invalid' });
    expect(server.requests).toEqual([]);
  });
});

describe('an answer to a write', () => {
  const cause = (reason: string) => ({ causes: [{ reason, message: reason }] });
  const cases: [string, () => void, Write, object][] = [
    [
      'a failed test',
      () => {
        server.refuse(422, 'Invalid');
      },
      patch,
      { result: 'conflict' },
    ],
    [
      'a wrong field',
      () => {
        server.refuse(422, 'Invalid', cause('FieldValueInvalid'));
      },
      patch,
      { result: 'refused' },
    ],
    [
      'a conflict',
      () => {
        server.refuse(409, 'Conflict');
      },
      evict,
      { result: 'conflict' },
    ],
    [
      'no such object',
      () => {
        server.refuse(404, 'NotFound');
      },
      patch,
      { result: 'gone' },
    ],
    [
      'no right',
      () => {
        server.refuse(403, 'Forbidden');
      },
      patch,
      { result: 'refused' },
    ],
    [
      'a bad request',
      () => {
        server.refuse(400, 'BadRequest');
      },
      patch,
      { result: 'refused' },
    ],
    [
      'a budget',
      () => {
        server.refuse(429, 'TooManyRequests', cause('DisruptionBudget'));
      },
      evict,
      { result: 'blocked' },
    ],
    [
      'two budgets',
      () => {
        server.refuse(
          500,
          'InternalError',
          {},
          'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
        );
      },
      evict,
      { result: 'refused' },
    ],
  ];
  test.each(cases)('%s says what became of it', async (_name, script, what, result) => {
    script();
    expect(await write(what)).toMatchObject(result);
    expect(server.requests).toHaveLength(1); // nothing is tried again here
  });

  const unclear: [string, () => void][] = [
    [
      'a server that failed',
      () => {
        server.refuse(500, 'InternalError');
      },
    ],
    [
      'a server that is busy',
      () => {
        server.refuse(429, 'TooManyRequests', { retryAfterSeconds: 2 });
      },
    ],
    [
      'a server that cannot wait longer',
      () => {
        server.refuse(504, 'Timeout');
      },
    ],
    [
      'a proxy that knows no such path',
      () => {
        server.answer = () => ({ status: 404, body: 'no such route' });
      },
    ],
    [
      'a connection that broke',
      () => {
        server.answer = () => 'reset';
      },
    ],
    [
      'something that is no JSON',
      () => {
        server.answer = () => ({ status: 200, body: undefined });
      },
    ],
  ];
  test.each(unclear)('%s says nothing: who asked must look', async (_name, script) => {
    script();
    await expect(write(patch)).rejects.toMatchObject({ name: 'StepError', code: 'Unavailable' });
  });

  test('of a program for credentials that fails is an outage too', async () => {
    const broken = new KubeConfig();
    broken.loadFromOptions({
      clusters: [{ name: 'c', server: 'http://127.0.0.1:1', skipTLSVerify: true }],
      users: [
        { name: 'u', exec: { apiVersion: 'client.authentication.k8s.io/v1', command: '/nonexistent/credentials' } },
      ],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
      currentContext: 'x',
    });
    cluster = createCluster(new KubeClient(broken));
    await expect(write(patch)).rejects.toMatchObject({ name: 'StepError', code: 'Unavailable' });
  });

  test('that never comes is not waited for past the deadline', async () => {
    server.answer = () => 'silence';
    const began = Date.now();
    await expect(write(patch, { deadline: Date.now() + 1_200 })).rejects.toMatchObject({ code: 'Unavailable' });
    expect(Date.now() - began).toBeLessThan(3_000);
  });

  test('says when to come back', async () => {
    server.refuse(429, 'TooManyRequests', { retryAfterSeconds: 2 });
    await expect(write(patch)).rejects.toMatchObject({ retryAfterMs: 2_000 });
  });
});

describe('a look at the cluster', () => {
  test('finds an object, or that there is none', async () => {
    ok();
    expect(await cluster.get(cart)).toMatchObject({ metadata: { uid: 'u' } });
    server.refuse(404, 'NotFound');
    expect(await cluster.get(cart)).toBeUndefined();
  });

  test('does not take an outage, a refusal or a stranger for an absent object', async () => {
    server.refuse(503, 'ServiceUnavailable');
    await expect(cluster.get(cart)).rejects.toMatchObject({ code: 'Unavailable' });
    server.refuse(403, 'Forbidden');
    await expect(cluster.get(cart)).rejects.toMatchObject({ code: 'Forbidden' });
    server.answer = () => ({ status: 404, body: 'no such route' });
    await expect(cluster.get(cart)).rejects.toMatchObject({ code: 'Unavailable' });
  });

  test('of a kind that nobody knows finds nothing that it could vouch for', async () => {
    expect(await cluster.get({ ...cart, apiVersion: 'x.org/v1', kind: 'Rollout' })).toBeUndefined();
    await expect(cluster.list({ ...cart, kind: 'Rollout' })).rejects.toMatchObject({ code: 'Invalid' });
    expect(server.requests).toEqual([]);
  });

  test('lists every page, and says of each item what it is', async () => {
    server.answer = ({ query }) => ({
      status: 200,
      body:
        query.get('continue') === null
          ? { metadata: { continue: 'more', resourceVersion: '1' }, items: [{ metadata: { name: 'a' } }] }
          : { metadata: { resourceVersion: '1' }, items: [{ metadata: { name: 'b' } }] },
    });
    expect(await cluster.list(cart, 'app=cart')).toEqual([
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'a' } },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'b' } },
    ]);
    expect(server.requests[0]?.query.get('labelSelector')).toBe('app=cart');
  });

  test('lists only the first where no more are asked for', async () => {
    const page = { metadata: { continue: 'more', resourceVersion: '1' }, items: [{ metadata: { name: 'a' } }] };
    server.answer = () => ({ status: 200, body: page });
    expect(await cluster.list({ ...cart, first: 1 })).toHaveLength(1);
    expect(server.requests.map(({ query }) => query.get('limit'))).toEqual(['1']);
  });

  test('says how new a list has to be on its first page only', async () => {
    const first = { metadata: { continue: 'more', resourceVersion: '9' }, items: [{ metadata: { name: 'a' } }] };
    const last = { metadata: { resourceVersion: '9' }, items: [{ metadata: { name: 'b' } }] };
    server.answer = ({ query }) => ({ status: 200, body: query.get('continue') === null ? first : last });
    expect(await cluster.list({ ...cart, notOlderThan: '7' })).toHaveLength(2);
    expect(
      server.requests.map(({ query }) => [query.get('resourceVersion'), query.get('resourceVersionMatch')]),
    ).toEqual([
      ['7', 'NotOlderThan'],
      [null, null],
    ]);
  });

  test('does not take a list that broke off for the whole', async () => {
    let pages = 0;
    server.answer = () =>
      (pages += 1) === 1
        ? { status: 200, body: { metadata: { continue: 'more' }, items: [{ metadata: { name: 'a' } }] } }
        : { status: 410, body: { reason: 'Expired', message: 'too old' } };
    await expect(cluster.list(cart)).rejects.toMatchObject({ code: 'Unavailable' });
  });
});
