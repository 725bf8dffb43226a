import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { performCheck, type CheckContext } from '../../../../src/local/kubelet/probe-checks.ts';
import type { Check } from '../../../../src/local/kubelet/pod.ts';
import { container } from './fixtures.ts';

let server: Server;
let port: number;
let received: IncomingMessage | undefined;

beforeEach(async () => {
  received = undefined;
  server = createServer((request, response) => {
    received = request;
    const status = Number(/\d+/.exec(request.url ?? '')?.[0] ?? 200);
    if (request.url === '/hang') return;
    if (request.url === '/cut') response.destroy();
    else if (request.url === '/huge') response.end('x'.repeat(1_000_000));
    else response.writeHead(status, { location: 'http://192.0.2.1/' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const check = (of: Check, timeoutMs = 2000) => {
  const context: CheckContext = {
    container: container('web', { ports: [{ name: 'http', containerPort: port }] }),
    address: { bind: '127.0.0.1', reported: '10.0.0.1' },
    exec: ([name], timeout) =>
      Promise.resolve({
        exitCode: name === 'good' ? 0 : 3,
        output: 'said so',
        timedOut: name === 'slow' && timeout > 0,
      }),
  };
  return performCheck(of, context, timeoutMs);
};
const http = (path: string, more: object = {}) => check({ httpGet: { path, port, ...more } }, 300);

describe('http', () => {
  test.each([
    ['/200', true],
    ['/204', true],
    ['/302', true], // a redirect is an answer; it is not followed
    ['/399', true],
    ['/400', false],
    ['/503', false],
    ['/huge', true],
    ['', true],
    ['200', true],
  ])('%s', async (path, ok) => {
    const result = await http(path);
    expect(result).toEqual({ ok, output: ok ? '' : `HTTP probe failed with statuscode: ${path.slice(1)}` });
  });
  test('by the name of a port, with headers', async () => {
    expect(
      (
        await http('/200', {
          port: 'http',
          httpHeaders: [
            { name: 'X-Probe', value: 'yes' },
            { name: 'Host', value: 'shop' },
          ],
        })
      ).ok,
    ).toBe(true);
    expect(received?.headers).toMatchObject({ 'x-probe': 'yes', host: 'shop', 'user-agent': 'kube-probe/1.36' });
  });
  test.each([
    ['/hang', {}, 'context deadline exceeded'],
    ['/cut', {}, 'EOF'],
    ['/200', { port: 'nope' }, 'couldn\'t find port: "nope"'],
    ['/200', { port: 1 }, 'dial tcp 10.0.0.1:1: connect: connection refused'],
    ['/a path', {}, 'unescaped characters'],
    ['/200', { httpHeaders: [{ name: 'bad name', value: 'x' }] }, 'Header name'],
    ['/200', { host: '192.0.2.1' }, 'host 192.0.2.1 is not on this node'],
  ])('%s %j fails in words', async (path, more, words) => {
    const { ok, output } = await http(path, more);
    expect(ok).toBe(false);
    expect(output).toContain(words);
  });
});

test('tcp', async () => {
  expect(await check({ tcpSocket: { port } })).toEqual({ ok: true, output: '' });
  expect(await check({ tcpSocket: { port: 1 } })).toEqual({
    ok: false,
    output: 'dial tcp 10.0.0.1:1: connect: connection refused',
  });
});

test('exec', async () => {
  expect(await check({ exec: { command: ['good'] } })).toMatchObject({ ok: true });
  expect(await check({ exec: { command: ['bad'] } })).toEqual({ ok: false, output: 'said so' });
  expect((await check({ exec: { command: ['slow', 'one'] } })).output).toBe(
    'command timed out: "slow one" timed out after 2s',
  );
});
