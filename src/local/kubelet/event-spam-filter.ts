const BURST = 25;
const REFILL_MS = 300_000;
const KNOWN_SUBJECTS = 4096;

/** A token bucket per subject: 25 Events at once, then one each five minutes, as client-go bounds a source. */
export class EventSpamFilter {
  readonly #buckets = new Map<string, { tokens: number; at: number }>();

  admits(subject: string, now: number): boolean {
    const bucket = this.#buckets.get(subject) ?? { tokens: BURST, at: now };
    bucket.tokens = Math.min(BURST, bucket.tokens + (now - bucket.at) / REFILL_MS);
    bucket.at = now;
    this.#buckets.delete(subject);
    this.#buckets.set(subject, bucket);
    const oldest = this.#buckets.keys().next();
    if (this.#buckets.size > KNOWN_SUBJECTS && oldest.done !== true) this.#buckets.delete(oldest.value);
    if (bucket.tokens < 1) return false;
    bucket.tokens--;
    return true;
  }
}
