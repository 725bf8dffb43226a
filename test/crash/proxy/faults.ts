import { setTimeout as sleep } from 'node:timers/promises';
import type { SeenRequest } from './seen-request.ts';

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** It arrives; or it gets lost; or the connection breaks instead. */
export type LineFate = 'pass' | 'drop' | 'cut';

/** What happens to a request that a rule strikes. What is left out happens as if there were no proxy. */
export interface Fault {
  /** Before it is forwarded. A held request that is let go at last is forwarded even if its sender is gone. */
  readonly before?: (request: SeenRequest) => 'forward' | 'cut' | Answer | Promise<'forward' | 'cut' | Answer>;
  /** The API server has done what was asked (its answer is `status`); the client does not know it yet. */
  readonly after?: (request: SeenRequest, status: number) => 'reply' | 'cut' | Promise<'reply' | 'cut'>;
  /** The client has its answer. */
  readonly replied?: (request: SeenRequest) => void;
  /** What becomes of a line of a watch. */
  readonly line?: (line: string) => LineFate;
}

/** The request never arrives. */
export const cutBefore = (): Fault => ({ before: () => 'cut' });

/** It is done, but nobody hears of it. */
export const cutAfter = (): Fault => ({ after: () => 'cut' });

export const delayed = (ms: number): Fault => ({ before: () => sleep(ms, 'forward' as const) });

/** Stays on its way until the promise says what becomes of it. */
export const heldUntil = (released: Promise<'forward' | 'cut'>): Fault => ({ before: () => released });

/** It is done, and the client waits for its answer until the promise says whether it gets one. */
export const answerHeldUntil = (released: Promise<'reply' | 'cut'>): Fault => ({ after: () => released });

export const onceReplied = (then: () => void): Fault => ({ replied: then });

export const linesLost = (which: (line: string) => boolean): Fault => ({
  line: (line) => (which(line) ? 'drop' : 'pass'),
});

export const cutAtLine = (which: (line: string) => boolean): Fault => ({
  line: (line) => (which(line) ? 'cut' : 'pass'),
});

const REASONS: Readonly<Record<number, string>> = {
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Answered by the proxy in the name of the API server, which never sees it. */
export const answered = (status: number, retryAfterSeconds?: number): Fault => ({
  before: () => ({
    status,
    ...(retryAfterSeconds === undefined ? {} : { headers: { 'retry-after': String(retryAfterSeconds) } }),
    body: JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Failure',
      code: status,
      reason: REASONS[status] ?? 'Unknown',
      message: `injected: ${status}`,
    }),
  }),
});
