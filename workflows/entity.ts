import { condition, setHandler, workflowInfo } from '@temporalio/workflow';
import { upgradeSignal } from './messages.ts';

const DAY_MS = 24 * 3_600_000;

/** When a long-lived workflow starts its next run: on the server's suggestion, daily, and when asked to. */
export interface Lifetime {
  /** True when it is time; the caller carries its state over. */
  over(): boolean;
  /** Waits until `wake` is true, the lifetime is over, or `ms` have passed. */
  wait(wake: () => boolean, ms: number | undefined): Promise<void>;
}

/** A quiet workflow would otherwise run for ever on the code that it began with. */
export function startLifetime(): Lifetime {
  const endsAt = Date.now() + DAY_MS;
  let upgrade = false;
  setHandler(upgradeSignal, () => {
    upgrade = true;
  });
  const over = (): boolean => upgrade || Date.now() >= endsAt || workflowInfo().continueAsNewSuggested;
  return {
    over,
    async wait(wake, ms) {
      await condition(() => wake() || over(), Math.max(1, Math.min(ms ?? DAY_MS, endsAt - Date.now() + 1)));
    },
  };
}
