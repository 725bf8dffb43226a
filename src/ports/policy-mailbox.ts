import type { ActionEnded, RetryStarted } from '../domain/episode.ts';

/** What actions and the workflow of their policy have to say to each other. */
export interface PolicyMailbox {
  /** A policy without a workflow (deleted, or never seen) needs no news: that is not an error. */
  actionEnded(policyUid: string, ended: ActionEnded): Promise<void>;
  /** Somebody has ordered another try of an action that the policy had made. */
  retryStarted(policyUid: string, started: RetryStarted): Promise<void>;
  /** Revisions that the policy has seen good, as they are remembered by it; none when nobody remembers. */
  seenGood(policyUid: string): Promise<readonly string[]>;
}
