interface Entry {
  delayMs: number;
  updatedAt: number;
}

/**
 * Exponential back-off per key, as a kubelet keeps it for restarts and image pulls: the first {@link next} sets the base
 * delay, each later one doubles it up to the maximum, and twice the maximum without an event forgets the key.
 */
export class Backoff {
  readonly #entries = new Map<string, Entry>();
  readonly #baseMs: number;
  readonly #maxMs: number;

  constructor(baseMs: number, maxMs: number) {
    this.#baseMs = baseMs;
    this.#maxMs = maxMs;
  }

  /** Current delay of the key in milliseconds; 0 if it has none. */
  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0;
  }

  /** Milliseconds left to wait at `now`, counted from `eventAt`; 0 when the next try is due. */
  remainingMs(key: string, eventAt: number, now: number): number {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, eventAt)) return 0;
    return Math.max(0, eventAt + entry.delayMs - now);
  }

  /** Like {@link remainingMs}, counted from the last {@link next}. */
  remainingSinceUpdateMs(key: string, now: number): number {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, now)) return 0;
    return Math.max(0, entry.updatedAt + entry.delayMs - now);
  }

  next(key: string, eventAt: number, now: number): void {
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#expired(entry, eventAt))
      this.#entries.set(key, { delayMs: this.#baseMs, updatedAt: now });
    else {
      entry.delayMs = Math.min(entry.delayMs * 2, this.#maxMs);
      entry.updatedAt = now;
    }
  }

  #expired(entry: Entry, at: number): boolean {
    return at - entry.updatedAt > 2 * this.#maxMs;
  }
}

/** `10s`, `1m20s`, `500ms`, as Go prints durations. */
export function goDuration(ms: number): string {
  if (ms <= 0) return '0s';
  if (ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 100) / 10;
  const minutes = Math.floor(seconds / 60);
  const rest = Math.round((seconds - minutes * 60) * 10) / 10;
  return minutes === 0 ? `${rest}s` : `${minutes}m${rest}s`;
}
