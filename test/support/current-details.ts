import type { WorkflowHandle } from '@temporalio/client';

/** What Temporal's UI shows of a healing: the step, and what was ignored. */
export async function detailsOf(handle: WorkflowHandle): Promise<string> {
  const metadata = await handle.query<{ readonly currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}
