import type { ActionEnded } from '../domain/episode.ts';

/** Tells a policy's workflow that one of its actions has ended. */
export interface PolicyMailbox {
  /** A policy without a workflow (deleted, or never seen) needs no news: that is not an error. */
  actionEnded(policyUid: string, ended: ActionEnded): Promise<void>;
}
