import { QueryNotRegisteredError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import { MESSAGES, policyWorkflowId } from '../../api/temporal-names.ts';
import type { PolicyMailbox } from '../../ports/policy-mailbox.ts';
import { inBatches } from './in-batches.ts';

const DEADLINE_MS = 5_000;

/** Signals to the workflows of policies, and the one question that they answer. */
export function createPolicyMailbox(client: Client): PolicyMailbox {
  /** By policy: a workflow that is asked by many at once refuses. */
  const asking = new Map<string, (question: undefined) => Promise<readonly string[]>>();
  return {
    actionEnded: (policyUid, ended) => tell(client, policyUid, MESSAGES.actionEnded, ended),
    retryStarted: (policyUid, started) => tell(client, policyUid, MESSAGES.retryStarted, started),

    seenGood(policyUid) {
      const ask =
        asking.get(policyUid) ??
        inBatches<undefined, readonly string[]>("the policy's workflow", async (questions) => {
          const good = await seenGood(client, policyUid);
          return questions.map(() => good);
        });
      asking.set(policyUid, ask);
      return ask(undefined);
    },
  };
}

async function seenGood(client: Client, policyUid: string): Promise<readonly string[]> {
  try {
    return await client.withDeadline(Date.now() + DEADLINE_MS, () =>
      client.workflow.getHandle(policyWorkflowId(policyUid)).query<readonly string[]>(MESSAGES.seenGood),
    );
  } catch (error) {
    // Without the memory an undo to a revision that is not available now needs a person: the safe side.
    if (error instanceof WorkflowNotFoundError || error instanceof QueryNotRegisteredError) return [];
    throw error;
  }
}

async function tell(client: Client, policyUid: string, message: string, news: unknown): Promise<void> {
  try {
    await client.workflow.getHandle(policyWorkflowId(policyUid)).signal(message, news);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}
