import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createPrometheus, noMetrics, readingOf } from '../../../../src/adapters/prometheus/prometheus.ts';

const success = (resultType: string, result: unknown, more: object = {}): string =>
  JSON.stringify({ status: 'success', data: { resultType, result }, ...more });
const series = (value: string): object => ({ metric: { job: 'web' }, value: [1_700_000_000.5, value] });

describe('an answer', () => {
  test.each<[string, string, number]>([
    ['one series', success('vector', [series('0.25')]), 0.25],
    ['a scalar', success('scalar', [1, '3']), 3],
    ['zero', success('vector', [series('0')]), 0],
    ['with remarks that change nothing', success('vector', [series('1')], { infos: ['might not be a counter'] }), 1],
  ])('%s is a value', (_name, text, value) => {
    expect(readingOf(200, text)).toEqual({ state: 'value', value });
  });

  test.each<[string, number, string, RegExp]>([
    ['NaN', 200, success('vector', [series('NaN')]), /is NaN/],
    ['infinite', 200, success('scalar', [1, '+Inf']), /is \+Inf/],
    ['empty', 200, success('vector', []), /empty/],
    ['several series', 200, success('vector', [series('1'), series('1')]), /several series/],
    ['a histogram', 200, success('vector', [{ metric: {}, histogram: [1, {}] }]), /histogram/],
    ['a range', 200, success('matrix', []), /matrix/],
    ['a text', 200, success('string', [1, 'x']), /string/],
    ['with warnings', 200, success('vector', [series('1')], { warnings: ['store down'] }), /partial: store down/],
    ['an outage', 503, JSON.stringify({ status: 'error', errorType: 'unavailable', error: 'x' }), /503: unavailable/],
    ['a timeout', 503, JSON.stringify({ status: 'error', errorType: 'timeout', error: 'x' }), /timeout/],
    ['the page of a proxy', 502, '<html>', /502/],
    ['a login page', 200, '<html>', /200/],
    ['another program', 200, '{"status":"fine"}', /no result/],
    ['no value', 200, success('vector', [series('')]), /the result is /],
  ])('%s is unknown', (_name, status, text, why) => {
    expect(readingOf(status, text)).toEqual({ state: 'unknown', why: expect.stringMatching(why) });
  });

  test('to what is no PromQL says so', () => {
    const text = JSON.stringify({ status: 'error', errorType: 'bad_data', error: '1:6: parse error' });
    expect(readingOf(400, text)).toEqual({ state: 'invalid', message: '1:6: parse error' });
  });
});

describe('a question', () => {
  let server: Server | undefined;
  const answering = async (
    answer: (body: URLSearchParams, response: ServerResponse, credentials?: string) => void,
  ): Promise<string> => {
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        answer(new URLSearchParams(body), response, request.headers.authorization);
      });
    });
    await new Promise<void>((resolve) => {
      server?.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  afterEach(async () => {
    server?.closeAllConnections();
    if (server?.listening === true) await promisify(server.close.bind(server))();
    server = undefined;
  });
  const ask = (url: string) => createPrometheus({ url, lookbackMs: 30_000 }).read('up');

  test('is about the present, and about samples of a known age', async () => {
    const asked = Promise.withResolvers<URLSearchParams>();
    const url = await answering((body, response) => {
      asked.resolve(body);
      response.end(success('vector', [series('1')]));
    });
    expect(await ask(`${url}/`)).toEqual({ state: 'value', value: 1 });
    const body = await asked.promise;
    expect(body.get('query')).toBe('up');
    expect(body.get('lookback_delta')).toBe('30000ms');
    expect(body.has('time')).toBe(false);
  });

  test.each([
    ['user:secret', 'user:secret'],
    ['user', 'user:'],
    ['j%40ne:p%3Ass%C3%A9', 'j@ne:p:ssé'],
    ['user:100%', 'user:100%'],
  ])('to an address with %s in it is asked with Basic authentication', async (typed, meant) => {
    const url = await answering((_body, response, credentials) => {
      const known = credentials === `Basic ${Buffer.from(meant).toString('base64')}`;
      response.end(success('vector', [series(known ? '1' : '0')]));
    });
    expect(await ask(url.replace('//', `//${typed}@`))).toEqual({ state: 'value', value: 1 });
  });

  test('that is answered at endless length is unknown', async () => {
    const url = await answering((_body, response) => {
      response.end('x'.repeat(1_000_000));
    });
    expect(await ask(url)).toEqual({ state: 'unknown', why: expect.stringContaining('longer than') });
  });

  test('to nobody is unknown, and tells no address', async () => {
    const url = await answering(() => undefined);
    await new Promise((resolve) => server?.close(resolve));
    const reading = await ask(url.replace('//', '//user:secret@'));
    expect(reading).toEqual({ state: 'unknown', why: expect.stringContaining('ECONNREFUSED') });
    expect(JSON.stringify(reading)).not.toContain('secret');
  });

  test('without Prometheus is unknown', async () => {
    expect(await noMetrics.read('up')).toMatchObject({ state: 'unknown' });
    expect(noMetrics.configured).toBe(false);
  });
});
