import { processRss } from './process-usage.ts';

const SAMPLE_EVERY_MS = 250;

interface Guarded {
  readonly limitBytes: number;
  readonly onExceeded: (rssBytes: number) => void;
}

/** Measures the resident memory of processes with a limit, and tells at once when one exceeds it. */
export class MemoryGuard {
  readonly #guarded = new Map<number, Guarded>();
  #timer: NodeJS.Timeout | undefined;

  /** `onExceeded` is called once; it is expected to end the process. */
  guard(pid: number, limitBytes: number, onExceeded: (rssBytes: number) => void): void {
    this.#guarded.set(pid, { limitBytes, onExceeded });
    this.#timer ??= setInterval(() => {
      this.#sample();
    }, SAMPLE_EVERY_MS);
  }

  release(pid: number): void {
    this.#guarded.delete(pid);
    if (this.#guarded.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #sample(): void {
    for (const [pid, { limitBytes, onExceeded }] of this.#guarded) {
      const rss = processRss(pid);
      if (rss <= limitBytes) continue;
      this.release(pid);
      onExceeded(rss);
    }
  }
}
