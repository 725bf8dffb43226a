import { setTimeout as delay } from 'node:timers/promises';
import { KubeError } from '../../adapters/kubernetes/kube-error.ts';

const RETRY_MS = 500;
const PATIENCE_MS = 60_000;
/** What no later try can change. */
const FINAL: ReadonlySet<number> = new Set([400, 409, 413, 415, 422]);

/**
 * Repeats a write that is safe to repeat while the API server is away or just coming up, for a minute at most. Throws its
 * last error; returns without having done it when `stop` is aborted.
 */
export async function insistently(write: () => Promise<unknown>, stop: AbortSignal): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!stop.aborted) {
    try {
      await write();
      return;
    } catch (error) {
      if (isFinal(error) || Date.now() > deadline) throw error;
      await delay(RETRY_MS, undefined, { signal: stop }).catch(() => undefined);
    }
  }
}

function isFinal(error: unknown): boolean {
  if (error instanceof KubeError) return FINAL.has(error.status);
  return error instanceof Error && error.cause !== undefined && isFinal(error.cause);
}
