import { workflowBundle } from '../../workers/workflow-bundle.ts';

/** Bundles the workflows once, outside Jest; test files find the bundle where this put it. */
export default async function globalSetup(): Promise<void> {
  await workflowBundle();
}
