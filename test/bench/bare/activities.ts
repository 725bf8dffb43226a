import type { KubeClient } from '../../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../../src/adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../../src/api/healing-action.ts';
import type { Deployment, Pod } from '../../../src/api/workloads.ts';
import type { BareInput } from './input.ts';

/** The requests that a healing of a Deployment makes, without what makes it safe. */
export function createBareActivities(client: KubeClient) {
  const readAction = ({ namespace, action: name }: BareInput): Promise<HealingAction> =>
    client.get<HealingAction>(resources.healingActions, { namespace, name });
  const readPolicy = ({ namespace, policy: name }: BareInput): Promise<unknown> =>
    client.get(resources.healingPolicies, { namespace, name });
  const readDeployment = ({ namespace, deployment: name }: BareInput): Promise<Deployment> =>
    client.get<Deployment>(resources.deployments, { namespace, name });
  const listPods = ({ namespace, deployment }: BareInput): Promise<{ items: Pod[] }> =>
    client.list<Pod>(resources.pods, { namespace, labelSelector: `app=${deployment}` });
  const listSets = ({ namespace, deployment }: BareInput): Promise<unknown> =>
    client.list(resources.replicaSets, { namespace, labelSelector: `app=${deployment}` });
  const listNeighbours = ({ namespace }: BareInput): Promise<unknown> =>
    client.list(resources.deployments, { namespace, first: 50 });
  const writeStatus = async (input: BareInput, message: string, read?: HealingAction): Promise<void> => {
    const { namespace, action: name } = input;
    const action = read ?? (await readAction(input));
    await client.replace(
      resources.healingActions,
      { namespace, name, subresource: 'status' },
      {
        ...action,
        status: { ...action.status, result: { success: false, message } },
      },
    );
  };

  return {
    async accept(input: BareInput): Promise<void> {
      const action = await readAction(input);
      await Promise.all([readPolicy(input), readDeployment(input)]);
      await Promise.all([listPods(input), listSets(input)]);
      await writeStatus(input, 'accepted', action);
    },
    async execute(input: BareInput): Promise<void> {
      const { namespace, action: name, deployment } = input;
      await readAction(input);
      const [held] = await Promise.all([
        client.patch<HealingAction>(resources.healingActions, { namespace, name }, 'merge', {
          metadata: { labels: { bare: 'yes' } },
        }),
        Promise.all([readDeployment(input), readPolicy(input)]).then(() =>
          Promise.all([listPods(input), listSets(input), listNeighbours(input)]),
        ),
      ]);
      await writeStatus(input, 'executing', held);
      await client.patch(resources.deployments, { namespace, name: deployment }, 'strategic', {
        spec: {
          template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': new Date().toISOString() } } },
        },
      });
      await writeStatus(input, 'executed');
    },
    async measure(input: BareInput): Promise<boolean> {
      await readAction(input);
      const deployment = await readDeployment(input);
      const [pods] = await Promise.all([listPods(input), listSets(input)]);
      const { spec, status, metadata } = deployment;
      const desired = spec.replicas ?? 1;
      return (
        (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0) &&
        (status?.updatedReplicas ?? 0) >= desired &&
        (status?.replicas ?? 0) === desired &&
        (status?.availableReplicas ?? 0) >= desired &&
        pods.items.length >= desired
      );
    },
    record: (input: BareInput) => writeStatus(input, 'verified'),
    async report(input: BareInput): Promise<void> {
      const { namespace, action: name } = input;
      await writeStatus(input, 'done');
      await readAction(input);
      await client.patch(resources.healingActions, { namespace, name }, 'merge', {
        metadata: { labels: { bare: null } },
      });
    },
  };
}

export type BareActivities = ReturnType<typeof createBareActivities>;
