/** The time in which Temporal takes an attempt for the one that runs; another may begin only afterwards. */
export interface Lease {
  /** Resolves when Temporal has confirmed the attempt; rejects when it has begun another, or cannot be reached. */
  readonly confirmed: Promise<void>;
  /** Milliseconds since the epoch; later with every confirmation. */
  readonly until: number;
  end(): void;
}

const RENEW_EVERY_MS = 1_000;
/** For a request that is sent in the last moment. */
const MARGIN_MS = 1_500;

/**
 * Counted from before each heartbeat was sent, and only if it was answered: so it is over before Temporal gives the attempt
 * up, however long this process sleeps, and also if it slept with the task in its hands.
 */
export function takeLease(heartbeat: () => Promise<unknown>, timeoutMs: number): Lease {
  let until = 0;
  const renew = async (): Promise<void> => {
    const sent = Date.now();
    await heartbeat();
    until = Math.max(until, sent + timeoutMs - MARGIN_MS);
  };
  const confirmed = renew();
  confirmed.catch(() => undefined); // awaited before the claim, if it comes to that
  const timer = setInterval(() => void renew().catch(() => undefined), RENEW_EVERY_MS);
  return {
    confirmed,
    get until() {
      return until;
    },
    end() {
      clearInterval(timer);
    },
  };
}
