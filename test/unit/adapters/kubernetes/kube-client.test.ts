import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { KubeError } from '../../../../src/adapters/kubernetes/kube-error.ts';
import { resources } from '../../../../src/adapters/kubernetes/resource.ts';
import { answerStatus, answerText, FakeApiServer } from '../../../support/fake-api-server.ts';

const PATH = '/api/v1/configmaps';

let server: FakeApiServer;
beforeEach(async () => {
  server = await FakeApiServer.start();
});
afterEach(async () => {
  await server.stop();
});

describe('connections', () => {
  test('200 calls, one after the other, share at most 4', async () => {
    const client = server.client();
    for (let call = 0; call < 200; call++) await client.list(resources.configMaps);
    expect(server.connections).toBeLessThanOrEqual(4);
  });

  test('every watch has its own, so that a dead one takes nobody with it', async () => {
    const client = server.client();
    const abort = new AbortController();
    const streams = await Promise.all(
      [1, 2, 3].map(() => client.stream(PATH, { query: { watch: true }, signal: abort.signal })),
    );
    expect(server.connections).toBe(3);
    for (const { body } of streams) body.on('error', () => undefined);
    abort.abort();
  });
});

describe('credentials', () => {
  test('that are refused are read anew, once', async () => {
    const client = server.client({ token: 'old' });
    server.acceptedToken = 'new';
    client.kubeConfig.users[0] = { name: 'user', token: 'new' };
    server.requests.length = 0;
    await client.list(resources.configMaps);
    expect(server.requests.map(({ authorization }) => authorization)).toEqual(['Bearer new']);
  });

  test('that stay refused are an error, and are not read anew for every call', async () => {
    const client = server.client({ token: 'wrong' });
    server.acceptedToken = 'right';
    for (let call = 0; call < 5; call++)
      await expect(client.list(resources.configMaps)).rejects.toMatchObject({ status: 401, reason: 'Unauthorized' });
    expect(server.requests).toHaveLength(6);
  });
});

describe('answers', () => {
  test('a 200 that is no JSON is an error that leaves open what happened', async () => {
    server.next('list', answerText('<html>welcome</html>'));
    const failure = await server
      .client()
      .list(resources.configMaps)
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(KubeError);
    expect(failure).toMatchObject({ reason: 'InvalidAnswer', ambiguous: true });
    expect(String(failure)).toContain('<html>welcome');
  });

  test('a refusal that repeats the whole object says only what is wrong with it', async () => {
    const dump = JSON.stringify(JSON.stringify({ data: { password: 'x'.repeat(300) } }));
    const message = `ConfigMap "a" is invalid: patch: Invalid value: ${dump}: strict decoding error: unknown field "b"`;
    server.next('list', (response) => {
      response.writeHead(422, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ kind: 'Status', reason: 'Invalid', message }));
    });
    await expect(server.client().list(resources.configMaps)).rejects.toMatchObject({
      message: expect.stringMatching(/Invalid value: "…": strict decoding error: unknown field "b"$/),
    });
  });

  test('Retry-After is told in milliseconds', async () => {
    server.next('list', answerStatus(429, 'TooManyRequests', { 'retry-after': '7' }));
    await expect(server.client().list(resources.configMaps)).rejects.toMatchObject({
      status: 429,
      retryAfterMs: 7_000,
    });
  });

  test('a refused connection is a network error', async () => {
    const client = server.client();
    const other = await FakeApiServer.start();
    const gone = other.client();
    await other.stop();
    await expect(gone.list(resources.configMaps)).rejects.toMatchObject({ status: 0, reason: 'ECONNREFUSED' });
    await client.list(resources.configMaps);
  });
});
