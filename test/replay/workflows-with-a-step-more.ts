import { sleep } from '@temporalio/workflow';
import * as current from '../../workflows/index.ts';

/** The workflows of today with one step more at the start: what a change that cannot be replayed looks like. */
const changed =
  <Args extends unknown[], Result>(workflow: (...args: Args) => Promise<Result>) =>
  async (...args: Args): Promise<Result> => {
    await sleep(1);
    return workflow(...args);
  };

export const healingActionWorkflow = changed(current.healingActionWorkflow);
export const healingPolicyWorkflow = changed(current.healingPolicyWorkflow);
export const remediationLedgerWorkflow = changed(current.remediationLedgerWorkflow);
