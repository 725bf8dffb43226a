import { KubeError } from './kube-error.ts';
import type { DisconnectReason } from './watch-stats.ts';
import { InStreamError, SilentStreamError, TruncatedStreamError } from './watch-stream.ts';

/** We ended the stream and have already decided how to go on. */
export class StreamEndedByUs extends Error {
  override readonly name = 'StreamEndedByUs';
}

export interface StreamEnd {
  readonly reason: DisconnectReason;
  readonly message: string;
  /** The version to go on from is too old, or newer than anything the server has. */
  readonly expired: boolean;
  /** Before the end of the initial events: the server cannot stream them, or not now; list them. */
  readonly refusesInitialEvents: boolean;
  readonly retryAfterMs?: number;
}

/** Sorts the ways in which a watch ends; `failure` is undefined for a clean end, `early` when the stream lived shortly. */
export function classifyEnd(failure: unknown, early: boolean): StreamEnd {
  if (failure === undefined)
    return early
      ? end('closed-early', 'the server ended the watch at once', { refusesInitialEvents: true })
      : end('closed', 'the server ended the watch');
  const message = failure instanceof Error ? failure.message : String(failure);
  if (failure instanceof SilentStreamError) return end('silent', message, { refusesInitialEvents: true });
  if (failure instanceof TruncatedStreamError) return end('truncated', message);
  if (failure instanceof InStreamError) return ofKubeError(failure.error, message, true);
  if (failure instanceof KubeError) return ofKubeError(failure, message, failure.status >= 400 && failure.status < 500);
  return end('network', message); // undici reports a connection lost within the body in several ways
}

function ofKubeError(error: KubeError, message: string, refusesInitialEvents: boolean): StreamEnd {
  const expired =
    error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone' || isTooLargeVersion(error);
  const retry = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs };
  switch (error.status) {
    case 0:
      return end('network', message, retry);
    case 401:
      return end('unauthorized', message, retry);
    case 403:
      return end('forbidden', message, retry);
    case 429:
      return end('throttled', message, retry);
    default:
      return end('error', message, { expired, refusesInitialEvents, ...retry });
  }
}

const isTooLargeVersion = (error: KubeError): boolean =>
  error.causes.includes('ResourceVersionTooLarge') || /Too large resource version/i.test(error.message);

const end = (reason: DisconnectReason, message: string, more: Partial<StreamEnd> = {}): StreamEnd => ({
  reason,
  message,
  expired: false,
  refusesInitialEvents: false,
  ...more,
});
