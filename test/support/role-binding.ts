import type { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';

/** Gives somebody one of the shipped ClusterRoles in a namespace; takes it away again when that is called. */
export async function bindRole(
  client: KubeClient,
  namespace: string,
  role: string,
  subject: { readonly kind: 'User' | 'Group'; readonly name: string },
): Promise<() => Promise<void>> {
  const apiGroup = 'rbac.authorization.k8s.io';
  const bindings = `/apis/${apiGroup}/v1/namespaces/${namespace}/rolebindings`;
  const name = `${role}-${subject.name}`.replaceAll(/[^a-z-]/g, '-');
  await client.request('POST', bindings, {
    body: {
      apiVersion: `${apiGroup}/v1`,
      kind: 'RoleBinding',
      metadata: { name },
      roleRef: { apiGroup, kind: 'ClusterRole', name: role },
      subjects: [{ apiGroup, ...subject }],
    },
  });
  return async () => {
    await client.request('DELETE', `${bindings}/${name}`);
  };
}
