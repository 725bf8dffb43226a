import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KubeObject } from '../../api/meta.ts';
import type { KubeClient } from './kube-client.ts';
import { type KubeError, kubeErrorFromResponse } from './kube-error.ts';
import { LineSplitter } from './line-splitter.ts';

export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: KubeObject }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

/** The server reported an error inside a stream that had begun with 200. */
export class InStreamError extends Error {
  override readonly name = 'InStreamError';
  readonly error: KubeError;

  constructor(error: KubeError) {
    super(error.message, { cause: error });
    this.error = error;
  }
}

/** A line that is no watch event: what it would have told is unknown, so only a full sync can repair. */
export class UnparseableLineError extends Error {
  override readonly name = 'UnparseableLineError';
}

/** The connection ended within a line. */
export class TruncatedStreamError extends Error {
  override readonly name = 'TruncatedStreamError';
}

/** Nothing came for too long, not even a bookmark: the link is dead or half-open. */
export class SilentStreamError extends Error {
  override readonly name = 'SilentStreamError';
}

export interface WatchStreamOptions {
  readonly path: string;
  readonly query: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly signal: AbortSignal;
  /** Time until the first byte of the answer's head. */
  readonly headersTimeoutMs: number;
  /** Longest silence, as it is now: another while the initial events come than afterwards. */
  readonly silenceMs: () => number;
  /** Called for every chunk of bytes. */
  readonly onActivity: () => void;
}

const TURN_MS = 20;
const CONNECT_MS = 10_000;
const TICK_MS = 1_000;
const EXCERPT_BYTES = 200;

/**
 * Events of one watch request, in the server's order. Ends at a clean end of the stream; else throws one of the errors
 * above, a KubeError, or the signal's reason.
 */
export async function* watchStream(client: KubeClient, options: WatchStreamOptions): AsyncGenerator<WatchEvent> {
  const abort = new AbortController();
  const signal = AbortSignal.any([options.signal, abort.signal]);
  const silence = watchSilence(options, abort);
  try {
    const { body } = await client.stream(options.path, {
      query: options.query,
      signal,
      headersTimeoutMs: options.headersTimeoutMs,
      bodyTimeoutMs: 0, // measured here, so that a slow reader does not count as a silent server
    });
    body.on('error', () => undefined); // also reported by the iteration below, if that still runs
    silence.noteActivity();
    const lines = new LineSplitter();
    let turnBegan = performance.now();
    for await (const chunk of body as AsyncIterable<Buffer>) {
      silence.noteActivity();
      for (const line of lines.push(chunk)) {
        yield parseEvent(line, options.path);
        if (performance.now() - turnBegan < TURN_MS) continue;
        await nextTurn();
        turnBegan = performance.now();
      }
    }
    if (lines.unfinishedBytes > 0)
      throw new TruncatedStreamError(
        `the watch of ${options.path} ended within a line (${lines.unfinishedBytes} bytes)`,
      );
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    silence.stop();
  }
}

function watchSilence(options: WatchStreamOptions, abort: AbortController) {
  let last = performance.now();
  // Connecting and authenticating come before the head of the answer.
  let longest = (): number => options.headersTimeoutMs + CONNECT_MS;
  const timer = setInterval(
    () => {
      const silentFor = performance.now() - last;
      if (silentFor >= longest())
        abort.abort(new SilentStreamError(`nothing came from ${options.path} for ${Math.round(silentFor)} ms`));
    },
    Math.min(TICK_MS, options.silenceMs() / 4),
  );
  return {
    noteActivity: () => {
      last = performance.now();
      longest = options.silenceMs;
      options.onActivity();
    },
    stop: () => {
      clearInterval(timer);
    },
  };
}

function parseEvent(line: Buffer, path: string): WatchEvent {
  let event: unknown;
  try {
    event = JSON.parse(line.toString('utf8'));
  } catch {
    throw unparseable(line, path);
  }
  if (!isRecord(event) || !isRecord(event['object'])) throw unparseable(line, path);
  const object = event['object'];
  switch (event['type']) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      if (!isKubeObject(object)) throw unparseable(line, path);
      return { type: event['type'], object };
    case 'BOOKMARK':
      return bookmark(object) ?? reject(unparseable(line, path));
    case 'ERROR':
      throw new InStreamError(
        kubeErrorFromResponse(`GET ${path} (watch)`, Number(object['code'] ?? 500), JSON.stringify(object)),
      );
    default:
      throw unparseable(line, path);
  }
}

function bookmark(object: Record<string, unknown>): WatchEvent | undefined {
  const metadata = object['metadata'];
  if (!isRecord(metadata) || typeof metadata['resourceVersion'] !== 'string') return undefined;
  const annotations = metadata['annotations'];
  const initialEventsEnd = isRecord(annotations) && annotations['k8s.io/initial-events-end'] === 'true';
  return { type: 'BOOKMARK', resourceVersion: metadata['resourceVersion'], initialEventsEnd };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

export function isKubeObject(value: unknown): value is KubeObject {
  if (!isRecord(value) || !isRecord(value['metadata'])) return false;
  const { uid, name, resourceVersion } = value['metadata'];
  return typeof uid === 'string' && uid !== '' && typeof name === 'string' && typeof resourceVersion === 'string';
}

const unparseable = (line: Buffer, path: string): UnparseableLineError =>
  new UnparseableLineError(
    `a line of the watch of ${path} is no event: ${JSON.stringify(line.subarray(0, EXCERPT_BYTES).toString('latin1'))}`,
  );

function reject(error: Error): never {
  throw error;
}
