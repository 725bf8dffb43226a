import { QueryNotRegisteredError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { MESSAGES, policyWorkflowId } from '../../api/temporal-names.ts';
import { StepError } from '../../errors.ts';
import type { PolicyMailbox } from '../../ports/policy-mailbox.ts';

const DEADLINE_MS = 5_000;

/** Signals to the workflows of policies, and the one question that they answer. */
export const createPolicyMailbox = (client: Client): PolicyMailbox => ({
  actionEnded: (policyUid, ended) => tell(client, policyUid, MESSAGES.actionEnded, ended),
  retryStarted: (policyUid, started) => tell(client, policyUid, MESSAGES.retryStarted, started),

  async seenGood(policyUid) {
    try {
      return await client.withDeadline(Date.now() + DEADLINE_MS, () =>
        client.workflow.getHandle(policyWorkflowId(policyUid)).query<readonly string[]>(MESSAGES.seenGood),
      );
    } catch (error) {
      // Without the memory an undo to a revision that is not available now needs a person: the safe side.
      if (error instanceof WorkflowNotFoundError || error instanceof QueryNotRegisteredError) return [];
      const why = error instanceof Error ? error.message : String(error);
      throw new StepError('Unavailable', `the policy's workflow does not answer: ${why}`, { cause: error });
    }
  },
});

async function tell(client: Client, policyUid: string, message: string, news: unknown): Promise<void> {
  try {
    await client.workflow.getHandle(policyWorkflowId(policyUid)).signal(message, news);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
