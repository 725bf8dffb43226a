import { setTimeout as sleep } from 'node:timers/promises';

/** Repeats `check` until it no longer throws; its last error when that has not happened within the deadline. */
export async function eventually<T>(check: () => T | Promise<T>, withinMs = 5_000, everyMs = 5): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      await sleep(everyMs);
    }
  }
}
