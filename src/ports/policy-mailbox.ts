import type { ActionEnded } from '../domain/episode.ts';

/** What actions and the workflow of their policy have to say to each other. */
export interface PolicyMailbox {
  /** A policy without a workflow (deleted, or never seen) needs no news: that is not an error. */
  actionEnded(policyUid: string, ended: ActionEnded): Promise<void>;
  /** Revisions that the policy has seen good, as they are remembered by it; none when nobody remembers. */
  seenGood(policyUid: string): Promise<readonly string[]>;
}
