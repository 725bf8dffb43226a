import type { Client } from '@temporalio/client';

/**
 * Of the workflows of a type whose ids are `prefix` and a uid: the uids of those that have been running for at least `forMs`
 * milliseconds.
 */
export async function runningUids(
  client: Client,
  type: string,
  prefix: string,
  forMs: number,
): Promise<readonly string[]> {
  const before = new Date(Date.now() - forMs).toISOString();
  const query = `WorkflowType = '${type}' AND ExecutionStatus = 'Running' AND StartTime <= '${before}'`;
  const uids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query }))
    if (workflowId.startsWith(prefix)) uids.push(workflowId.slice(prefix.length));
  return uids;
}
