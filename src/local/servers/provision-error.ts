/** Why one way of getting a program failed. The message fits after the name of the way. */
export class ProvisionError extends Error {
  override readonly name = 'ProvisionError';
}

export const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export const hasCode = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof Error &&
  (('code' in error && typeof error.code === 'string' && codes.includes(error.code)) || hasCode(error.cause, ...codes));
