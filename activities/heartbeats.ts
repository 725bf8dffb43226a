import { Context } from '@temporalio/activity';
import { takeLease, type Lease } from './lease.ts';

type Steps = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

const EVERY_MS = 1_000;

/** The same steps, which tell Temporal that they live, so that those of a killed worker are begun again within seconds. */
export function withHeartbeats<S extends Steps>(steps: S): S {
  const wrapped = Object.entries(steps).map(([name, step]) => [
    name,
    async (...args: never[]) => {
      const context = Context.current();
      const timer = setInterval(() => {
        context.heartbeat();
      }, EVERY_MS);
      try {
        return await step(...args);
      } finally {
        clearInterval(timer);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as S; // the same keys, each with the same signature
}

/** Runs a step under a lease that Temporal has confirmed, if it was scheduled with a heartbeat timeout. */
export async function underLease<T>(step: (lease: Lease | undefined) => Promise<T>): Promise<T> {
  const { client, info } = Context.current();
  const { heartbeatTimeoutMs, namespace, taskToken } = info;
  if (heartbeatTimeoutMs === undefined) return step(undefined);
  const lease = takeLease(
    () => client.workflowService.recordActivityTaskHeartbeat({ namespace, taskToken }),
    heartbeatTimeoutMs,
  );
  try {
    return await step(lease);
  } finally {
    lease.end();
  }
}
