/** How a request to the API server failed. `status` 0 means that no answer of the server came. */
export interface KubeFailure {
  /** HTTP status, or 0 for a network failure. */
  readonly status: number;
  /** `Status.reason` of the API server (`Conflict`, `NotFound`, …), or the network error code. */
  readonly reason: string;
  readonly message: string;
  /** `Status.details.causes[].reason`, e.g. `DisruptionBudget`. */
  readonly causes: readonly string[];
  readonly retryAfterMs?: number;
}

/** A failed request; classify it by `reason`, not by `status` (409 and 429 each mean several things). */
export class KubeError extends Error implements KubeFailure {
  override readonly name = 'KubeError';
  readonly status: number;
  readonly reason: string;
  readonly causes: readonly string[];
  readonly retryAfterMs?: number;

  constructor(request: string, failure: KubeFailure, options?: ErrorOptions) {
    super(`${request}: ${failure.message}`, options);
    this.status = failure.status;
    this.reason = failure.reason;
    this.causes = failure.causes;
    if (failure.retryAfterMs !== undefined) this.retryAfterMs = failure.retryAfterMs;
  }

  /** The write may or may not have happened: read before any other try. */
  get ambiguous(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

export const isKubeError = (error: unknown, ...reasons: readonly string[]): error is KubeError =>
  error instanceof KubeError && (reasons.length === 0 || reasons.includes(error.reason));

const MESSAGE_LIMIT = 500;

/** The API server may repeat a whole object before it says what is wrong with it, with all that is in there. */
const withoutDumps = (message: string): string => message.replace(/(Invalid value: )"(?:[^"\\]|\\.){200,}"/gs, '$1"…"');

interface StatusBody {
  readonly reason?: string;
  readonly message?: unknown; // a proxy may answer in its own words
  readonly details?: {
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly field?: string; readonly message?: string }[];
  };
}

function parseStatus(text: string): StatusBody | undefined {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === 'object' && body !== null ? body : undefined;
  } catch {
    return undefined;
  }
}

/** From an HTTP answer that is not 2xx. */
export function kubeErrorFromResponse(request: string, status: number, text: string, retryAfter?: string): KubeError {
  const body = parseStatus(text);
  const seconds = Number(retryAfter ?? body?.details?.retryAfterSeconds ?? Number.NaN);
  return new KubeError(request, {
    status,
    reason: body?.reason ?? `HTTP${status}`,
    message: withoutDumps(typeof body?.message === 'string' ? body.message : text || `HTTP ${status}`).slice(
      0,
      MESSAGE_LIMIT,
    ),
    causes: (body?.details?.causes ?? []).map((cause) => cause.reason ?? ''),
    ...(Number.isFinite(seconds) ? { retryAfterMs: seconds * 1000 } : {}),
  });
}

/** From a request that got no answer (refused, reset, timed out, aborted). */
export function kubeErrorFromNetwork(request: string, error: unknown): KubeError {
  const cause = isErrorLike(error) && isErrorLike(error.cause) ? error.cause : error;
  const code = isErrorLike(cause) && 'code' in cause && typeof cause.code === 'string' ? cause.code : undefined;
  const message = messageOf(cause);
  return new KubeError(
    request,
    {
      status: 0,
      reason: code ?? (isErrorLike(cause) ? cause.name : 'Network'),
      message: message.slice(0, MESSAGE_LIMIT),
      causes: [],
    },
    { cause: error },
  );
}

/** Not `instanceof Error`: errors of Node itself come from another realm where code runs in a context of its own. */
const isErrorLike = (value: unknown): value is Error =>
  typeof value === 'object' && value !== null && 'message' in value && 'name' in value;

/** The message of whatever was thrown. */
export const messageOf = (thrown: unknown): string => (isErrorLike(thrown) ? thrown.message : String(thrown));
