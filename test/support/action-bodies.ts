import { API_VERSION } from '../../src/api/constants.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import type { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';

/** Creates a HealingAction that the API server accepts; whether anything covers it is another matter. */
export function createAction(
  client: KubeClient,
  at: { readonly namespace: string; readonly name: string },
  spec: Partial<HealingAction['spec']> = {},
): Promise<HealingAction> {
  const { namespace, name } = at;
  return client.create<HealingAction>(
    resources.healingActions,
    { namespace },
    {
      apiVersion: API_VERSION,
      kind: 'HealingAction',
      metadata: { name, namespace },
      spec: {
        policyRef: { name: 'some-policy', namespace },
        targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', namespace },
        action: { name: 'restart-it', type: 'restart' },
        ...spec,
      },
    },
  );
}

/** Puts an object into a namespace that may have to be made first. */
export async function ensureNamespace(client: KubeClient, name: string): Promise<void> {
  if ((await client.find(resources.namespaces, { name })) === undefined)
    await client.create(resources.namespaces, {}, { metadata: { name } });
}
