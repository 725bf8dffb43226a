/** Receives one line for people. */
export type Say = (line: string) => void;

const INTERVAL_MS = 10_000;

/** `2 min 5 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Announces a step that takes a while, repeats where it stands every ten seconds, and tells how long it took. */
export async function reportProgress<T>(
  say: Say,
  step: string,
  standing: () => string,
  work: () => Promise<T>,
): Promise<T> {
  const began = Date.now();
  say(step);
  const timer = setInterval(() => {
    say(`  ${standing()} (${duration(Date.now() - began)})`);
  }, INTERVAL_MS);
  try {
    const result = await work();
    say(`  done after ${duration(Date.now() - began)}`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
