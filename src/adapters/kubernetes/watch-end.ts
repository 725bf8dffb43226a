import { KubeError, messageOf } from './kube-error.ts';
import type { DisconnectReason, FullSyncReason } from './watch-stats.ts';
import { InStreamError, SilentStreamError, TruncatedStreamError, UnparseableLineError } from './watch-stream.ts';

/** We ended the stream and have already decided how to go on. */
export class StreamEndedByUs extends Error {
  override readonly name = 'StreamEndedByUs';
}

/** A clean end, but sooner than a watch ends in earnest. */
export class EarlyEndError extends Error {
  override readonly name = 'EarlyEndError';
}

export interface StreamEnd {
  readonly reason: DisconnectReason;
  readonly message: string;
  /** Going on from the last version is no use: everything must be read again. */
  readonly fullSync?: FullSyncReason;
  readonly retryAfterMs?: number;
}

/** What the failure of a watch or list means. */
export function classifyEnd(failure: unknown): StreamEnd {
  const message = messageOf(failure);
  if (failure instanceof EarlyEndError) return { reason: 'closed-early', message };
  if (failure instanceof SilentStreamError) return { reason: 'silent', message };
  if (failure instanceof TruncatedStreamError) return { reason: 'truncated', message };
  if (failure instanceof UnparseableLineError) return { reason: 'error', message, fullSync: 'unparseable' };
  if (failure instanceof InStreamError) return { fullSync: 'error', ...classifyAnswer(failure.error, message) };
  if (failure instanceof KubeError) return classifyAnswer(failure, message);
  return { reason: 'network', message }; // undici has several ways to report a connection that broke within the body
}

function classifyAnswer(error: KubeError, message: string): StreamEnd {
  const retry = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs };
  switch (error.status) {
    case 0:
      return { reason: 'network', message };
    case 401:
      return { reason: 'unauthorized', message, ...retry };
    case 403:
      return { reason: 'forbidden', message, ...retry };
    case 429:
      return { reason: 'throttled', message, ...retry };
    default:
      return { reason: 'error', message, ...retry, ...(isUnusableVersion(error) ? { fullSync: 'expired' } : {}) };
  }
}

/** Too old (410), newer than anything that the server has (504), or of another form than its own (400). */
const isUnusableVersion = (error: KubeError): boolean =>
  error.status === 410 ||
  error.status === 400 ||
  ['Expired', 'Gone'].includes(error.reason) ||
  error.causes.includes('ResourceVersionTooLarge') ||
  /too large resource version/i.test(error.message);

/**
 * Whether this failure, before the end of the initial events, says that the server cannot stream them (too old, without the
 * feature, behind a proxy that buffers), so that they must be listed. Not so for failures that a list would share.
 */
export function refusesInitialEvents(failure: unknown): boolean {
  if (failure instanceof KubeError) {
    if (failure.reason === 'UND_ERR_HEADERS_TIMEOUT') return true;
    return failure.status >= 400 && failure.status < 500 && ![401, 403, 429].includes(failure.status);
  }
  return (
    failure instanceof InStreamError ||
    failure instanceof SilentStreamError ||
    failure instanceof TruncatedStreamError ||
    failure instanceof EarlyEndError ||
    failure instanceof UnparseableLineError
  );
}
