import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import type { Stack } from '../../src/local/stack.ts';

/** RFC 3339 with six digits, which Date cannot hold. */
export function microseconds(time: string): number {
  const fraction = /\.(\d+)Z$/.exec(time)?.[1] ?? '0';
  return Math.floor(Date.parse(time) / 1000) * 1_000_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
}

/** A Deployment of one pod, labelled so that the policies of the benchmark find it. */
export async function createDeployment({ admin }: Stack, namespace: string, name: string): Promise<void> {
  const labels = { app: name, bench: 'yes' };
  await admin.create(
    resources.deployments,
    { namespace },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, labels },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'bench' }] } },
      },
    },
    { timeoutMs: 60_000 },
  );
}

/** Asks for a restart of a Deployment, in the name of a policy of its namespace. */
export const askForRestart = (
  { admin }: Stack,
  { namespace, name, deployment, policy }: Readonly<Record<'namespace' | 'name' | 'deployment' | 'policy', string>>,
): Promise<HealingAction> =>
  admin.create<HealingAction>(
    resources.healingActions,
    { namespace },
    {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingAction',
      metadata: { name, namespace },
      spec: {
        policyRef: { name: policy, namespace },
        targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment },
        action: { name: 'restart', type: 'restart' },
      },
    },
  );
