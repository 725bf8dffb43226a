import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { MESSAGES, policyWorkflowId } from '../../api/temporal-names.ts';
import type { PolicyMailbox } from '../../ports/policy-mailbox.ts';

/** Signals to the workflows of policies. */
export const createPolicyMailbox = (client: Client): PolicyMailbox => ({
  async actionEnded(policyUid, ended) {
    try {
      await client.workflow.getHandle(policyWorkflowId(policyUid)).signal(MESSAGES.actionEnded, ended);
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
    }
  },
});
