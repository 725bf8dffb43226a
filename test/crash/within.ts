import { setTimeout as sleep } from 'node:timers/promises';
import type { Trial } from './trial.ts';

/** A healing comes to its step within this, if it comes there at all. */
export const FIRST_ARRIVES_WITHIN_MS = 60_000;

/** Waits no longer than that; a person who is asked agrees meanwhile. */
export async function within(ms: number, what: Promise<unknown>, trials: readonly Trial[]): Promise<void> {
  const over = new AbortController();
  const people = Promise.all(trials.map((trial) => trial.attend(over.signal)));
  await Promise.race([what, sleep(ms, undefined, { signal: over.signal }).catch(() => undefined)]);
  over.abort();
  await people;
}
