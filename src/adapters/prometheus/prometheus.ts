import { request } from 'undici';
import { z } from 'zod';
import type { Metrics, Reading } from '../../ports/metrics.ts';

const TIMEOUT_MS = 5_000;
/** Of an answer, in characters: what is longer is not one number. */
const MAX_ANSWER = 64 * 1024;

const Sample = z.tuple([z.number(), z.string()]);
const Answer = z.discriminatedUnion('status', [
  z.object({
    status: z.literal('success'),
    warnings: z.array(z.string()).optional(),
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('vector'), result: z.array(z.object({ value: Sample.optional() })) }),
      z.object({ resultType: z.literal('scalar'), result: Sample }),
      z.object({ resultType: z.literal('matrix'), result: z.array(z.unknown()) }),
      z.object({ resultType: z.literal('string'), result: z.unknown() }),
    ]),
  }),
  z.object({ status: z.literal('error'), errorType: z.string(), error: z.string() }),
]);
type Answer = z.infer<typeof Answer>;

const unknown = (why: string): Reading => ({ state: 'unknown', why });

/** `url` as in a browser, with a path prefix if Prometheus has one, and with `user:password@` for Basic authentication. */
export function createPrometheus({ url, lookbackMs }: { readonly url: string; readonly lookbackMs: number }): Metrics {
  const { base, credentials } = withoutCredentials(url);
  const endpoint = `${base.replace(/\/+$/, '')}/api/v1/query`;
  return {
    configured: true,
    lookbackMs,
    async read(query) {
      // No time is given: it is Prometheus' own present that counts, on its own clock.
      const form = new URLSearchParams({
        query,
        timeout: `${TIMEOUT_MS}ms`,
        lookback_delta: `${lookbackMs}ms`,
        limit: '2', // one too many is enough to know that it is not one
      });
      try {
        const { statusCode, body } = await request(endpoint, {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded', ...credentials },
          body: form.toString(),
          signal: AbortSignal.timeout(TIMEOUT_MS + 1_000),
        });
        return readingOf(statusCode, await textOf(body));
      } catch (error) {
        return unknown(`Prometheus gave no answer: ${reasonOf(error)}`);
      }
    },
  };
}

/** The client takes no notice of them in an address; and what is not in the address is told by no error. */
function withoutCredentials(address: string): { readonly base: string; readonly credentials: Record<string, string> } {
  const url = new URL(address);
  const { username, password } = url;
  if (username === '' && password === '') return { base: url.href, credentials: {} };
  url.username = '';
  url.password = '';
  const plain = `${decoded(username)}:${decoded(password)}`;
  return { base: url.href, credentials: { authorization: `Basic ${Buffer.from(plain).toString('base64')}` } };
}

/** A lone `%` is no escape, and means itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** For settings without Prometheus. */
export const noMetrics: Metrics = {
  configured: false,
  lookbackMs: 0,
  read: () => Promise.resolve(unknown('no Prometheus is configured')),
};

async function textOf(body: AsyncIterable<Buffer> & { destroy(): unknown }): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_ANSWER) {
      body.destroy();
      throw new Error(`the answer is longer than ${MAX_ANSWER} bytes`);
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** What an answer proves. Exported for its table of tests. */
export function readingOf(status: number, text: string): Reading {
  const answer = parse(text);
  if (answer === undefined) return unknown(`Prometheus answered ${status}, with something that is no result`);
  if (answer.status === 'error')
    return answer.errorType === 'bad_data'
      ? { state: 'invalid', message: answer.error }
      : unknown(`Prometheus answered ${status}: ${answer.errorType}: ${answer.error}`);
  const [warning] = answer.warnings ?? [];
  const { resultType, result } = answer.data;
  if (resultType === 'scalar') return warning === undefined ? valueOf(result[1]) : partial(warning);
  if (resultType !== 'vector') return unknown(`the result is a ${resultType}, not one value`);
  if (result.length > 1) return unknown('the result has several series, not one value');
  if (warning !== undefined) return partial(warning);
  const sample = result[0];
  if (sample === undefined) return unknown('the result is empty: there is no such series, or it is stale');
  return sample.value === undefined ? unknown('the result is a histogram, not a number') : valueOf(sample.value[1]);
}

const partial = (warning: string): Reading => unknown(`the result may be partial: ${warning}`);

function valueOf(text: string): Reading {
  const value = Number(text);
  return text !== '' && Number.isFinite(value) ? { state: 'value', value } : unknown(`the result is ${text}`);
}

function parse(text: string): Answer | undefined {
  try {
    return Answer.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // an error page of a proxy, for example
  }
}

/** Without the address: it may hold a password. */
function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'it failed';
  const { code, message, name } = error as {
    readonly code?: unknown;
    readonly message?: unknown;
    readonly name?: unknown;
  };
  if (name === 'TimeoutError') return `it took longer than ${TIMEOUT_MS / 1_000} s`;
  return typeof code === 'string' ? code : String(message);
}
