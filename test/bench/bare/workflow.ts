import { proxyActivities, sleep } from '@temporalio/workflow';
import type { BareActivities } from './activities.ts';
import type { BareInput } from './input.ts';

const steps = proxyActivities<BareActivities>({ startToCloseTimeout: '20s' });

/** What anybody would write without any of our guarantees: the same requests to the API server, step by step. */
export async function bareWorkflow(input: BareInput): Promise<void> {
  await steps.accept(input);
  await steps.execute(input);
  for (let healthySince: number | undefined; ;) {
    const healthy = await steps.measure(input);
    if (healthy) healthySince ??= Date.now();
    else healthySince = undefined;
    if (healthySince !== undefined && Date.now() - healthySince >= input.windowMs) break;
    await sleep(input.windowMs / 2);
  }
  await steps.record(input);
  await steps.report(input);
}
