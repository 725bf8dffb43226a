/** Why one way of getting a program failed. The message fits after the name of the way. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
}

interface ErrorLike {
  readonly message?: unknown;
  readonly code?: unknown;
  readonly cause?: unknown;
}

// Not instanceof: errors of Node's own modules belong to another realm when this runs in a vm context.
const asError = (error: unknown): ErrorLike => (typeof error === 'object' && error !== null ? error : {});

export const reasonOf = (error: unknown): string => {
  const { message } = asError(error);
  return typeof message === 'string' ? message : String(error);
};

/** Whether the error, or one that it was caused by, has one of these codes (`ENOSPC`). */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const { code, cause } = asError(error);
  return (typeof code === 'string' && codes.includes(code)) || (cause !== undefined && hasCode(cause, ...codes));
}

/** `fetch failed` says nothing; its cause does. */
export const innermostReason = (error: unknown): string => {
  const { cause } = asError(error);
  return cause === undefined ? reasonOf(error) : innermostReason(cause);
};
