import { afterEach, beforeAll, afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { ensureAuthority, ensureLeaf } from '../../../src/local/servers/certificates.ts';
import { ApiProxy } from '../../crash/proxy/api-proxy.ts';
import {
  answered,
  answerHeldUntil,
  cutAfter,
  cutAtLine,
  cutBefore,
  delayed,
  heldUntil,
  linesLost,
  onceReplied,
} from '../../crash/proxy/faults.ts';
import { Rule } from '../../crash/proxy/rule.ts';
import { eventually } from '../../support/eventually.ts';

const directory = mkdtempSync(join(tmpdir(), 'kubeskippy-proxy-'));
const files = (name: string) => ({ certFile: join(directory, `${name}.crt`), keyFile: join(directory, `${name}.key`) });

interface Received {
  readonly line: string;
  readonly token: string | undefined;
  readonly auditId: string | string[] | undefined;
}
let upstream: Server;
const received: Received[] = [];
beforeAll(async () => {
  const ca = await ensureAuthority(files('ca'), 'CN=test-ca');
  await ensureLeaf(ca, files('serving'), { subject: 'CN=localhost', hosts: ['127.0.0.1'] });
  upstream = createServer(
    { cert: readFileSync(files('serving').certFile), key: readFileSync(files('serving').keyFile) },
    serve,
  );
  upstream.listen(0, '127.0.0.1');
  await once(upstream, 'listening');
});
afterAll(() => {
  upstream.closeAllConnections();
  upstream.close();
  rmSync(directory, { recursive: true });
});

function serve(request: IncomingMessage, response: ServerResponse): void {
  const { url = '', headers } = request;
  received.push({
    line: `${request.method ?? ''} ${url}`,
    token: headers.authorization,
    auditId: headers['audit-id'],
  });
  if (url.includes('watch=true')) {
    // The second line comes in two pieces.
    response.write('{"n":1}\n{"n":');
    setTimeout(() => response.end('2}\n{"n":3}\n'), 20);
  } else response.end(JSON.stringify({ done: url }));
}

let proxy: ApiProxy;
let client: KubeClient;
beforeEach(async () => {
  received.length = 0;
  proxy = await ApiProxy.start({
    upstream: `https://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
    caFile: files('ca').certFile,
    serving: files('serving'),
  });
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'c', server: proxy.url, caData: readFileSync(files('ca').certFile).toString('base64') }],
    users: [{ name: 'u', token: 'secret' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  client = new KubeClient(kubeConfig);
});
afterEach(() => proxy.stop());

const patch = (path = '/things/a'): Promise<unknown> => client.request('PATCH', path, { body: {}, auditId: 'ks/1' });

test('passes token, body, audit id and answer on', async () => {
  await expect(patch()).resolves.toEqual({ done: '/things/a' });
  expect(received).toEqual([{ line: 'PATCH /things/a', token: 'Bearer secret', auditId: 'ks/1' }]);
});

describe('rules', () => {
  test('strike by method, path, audit id and number, and count how often', async () => {
    const rule = proxy.add(new Rule({ method: 'PATCH', path: /^\/things/, auditId: /^ks/, nth: 2 }, cutBefore()));
    await client.request('GET', '/things/a');
    await patch('/others/a');
    await patch();
    expect(rule.fired).toBe(0);
    await expect(patch()).rejects.toThrow();
    await patch();
    expect(rule.fired).toBe(1);
    expect(received).toHaveLength(4);
  });

  test('that are removed do nothing', async () => {
    const rule = proxy.add(new Rule({}, cutBefore()));
    proxy.remove(rule);
    await patch();
    expect(rule.fired).toBe(0);
  });
});

describe('faults', () => {
  test('cut before it is forwarded', async () => {
    proxy.add(new Rule({}, cutBefore()));
    await expect(patch()).rejects.toMatchObject({ status: 0 });
    expect(received).toEqual([]);
  });

  test('cut after it was done', async () => {
    proxy.add(new Rule({}, cutAfter()));
    await expect(patch()).rejects.toMatchObject({ status: 0 });
    expect(received).toHaveLength(1);
  });

  test.each([409, 429, 500, 503])('answered with %d in the name of the API server', async (status) => {
    proxy.add(new Rule({ nth: 1 }, answered(status, 1)));
    await expect(patch()).rejects.toMatchObject({ status, retryAfterMs: 1_000 });
    expect(received).toEqual([]);
    await patch();
  });

  test('delayed', async () => {
    proxy.add(new Rule({}, delayed(100)));
    const began = performance.now();
    await patch();
    expect(performance.now() - began).toBeGreaterThan(95);
  });

  test('held until it is let go, also when its sender has given up', async () => {
    const { promise, resolve } = Promise.withResolvers<'forward'>();
    const rule = proxy.add(new Rule({ nth: 1 }, heldUntil(promise)));
    const sender = new AbortController();
    const late = client.request('PATCH', '/things/late', { body: {}, signal: sender.signal });
    late.catch(() => undefined); // expected below
    await eventually(() => {
      expect(rule.fired).toBe(1);
    });
    sender.abort();
    await expect(late).rejects.toMatchObject({ status: 0 });
    await patch();
    const forwarded = new Promise((done) => proxy.onExchange(done));
    resolve('forward');
    await expect(forwarded).resolves.toMatchObject({ status: 200 });
    expect(received.map(({ line }) => line)).toEqual(['PATCH /things/a', 'PATCH /things/late']);
  });

  test('done, but the answer is held', async () => {
    const { promise, resolve } = Promise.withResolvers<'reply'>();
    proxy.add(new Rule({}, answerHeldUntil(promise)));
    const forwarded = new Promise((done) => proxy.onExchange(done));
    const answer = patch();
    await forwarded;
    resolve('reply');
    await expect(answer).resolves.toEqual({ done: '/things/a' });
  });

  test('something happens once the client has its answer', async () => {
    const { promise: replied, resolve } = Promise.withResolvers<string>();
    proxy.add(
      new Rule(
        {},
        onceReplied(() => {
          resolve('now');
        }),
      ),
    );
    await patch();
    await expect(replied).resolves.toBe('now');
  });

  test('lines of a watch get lost', async () => {
    const rule = proxy.add(
      new Rule(
        { path: /watch=true/ },
        linesLost((line) => line.includes('2')),
      ),
    );
    await expect(client.text('GET', '/things?watch=true')).resolves.toBe('{"n":1}\n{"n":3}\n');
    expect(rule.fired).toBe(1);
  });

  test('a watch breaks off at a line', async () => {
    const rule = proxy.add(
      new Rule(
        { path: /watch=true/ },
        cutAtLine((line) => line.includes('2')),
      ),
    );
    await expect(client.text('GET', '/things?watch=true')).rejects.toThrow();
    expect(rule.fired).toBe(1);
  });
});

test('a frozen proxy lets nothing pass, and cuts what came meanwhile', async () => {
  await patch();
  proxy.freeze();
  const stuck = patch('/things/stuck');
  const failed = expect(stuck).rejects.toMatchObject({ status: 0 });
  await eventually(() => {
    expect(proxy.waiting).toBe(1);
  });
  proxy.cutAndThaw();
  await failed;
  await patch();
  expect(received.map(({ line }) => line)).toEqual(['PATCH /things/a', 'PATCH /things/a']);
});

test('an API server that is away is a broken connection, not an answer', async () => {
  const away = await ApiProxy.start({
    upstream: 'https://127.0.0.1:1',
    caFile: files('ca').certFile,
    serving: files('serving'),
  });
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'c', server: away.url, caData: readFileSync(files('ca').certFile).toString('base64') }],
    users: [{ name: 'u' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  await expect(new KubeClient(kubeConfig).request('GET', '/things')).rejects.toMatchObject({ status: 0 });
  await away.stop();
});
