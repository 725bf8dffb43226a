import type { KubeClient } from '../adapters/kubernetes/kube-client.ts';
import { isKubeError } from '../adapters/kubernetes/kube-error.ts';
import type { Person } from '../ports/identity.ts';

const MAX_GROUPS = 100;

/**
 * Whoever types this: the only name and groups that the API server accepts in a request or a decision. It fills them in
 * itself where it can (Kubernetes 1.36); undefined when it does not tell, and then it has to.
 */
export async function whoami(client: KubeClient): Promise<Person | undefined> {
  try {
    const { status } = await client.request<{ readonly status?: { readonly userInfo?: Partial<Person> } }>(
      'POST',
      '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      { body: { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' } },
    );
    const { username, groups = [] } = status?.userInfo ?? {};
    return username === undefined ? undefined : { username, groups: groups.slice(0, MAX_GROUPS) };
  } catch (error) {
    if (isKubeError(error)) return undefined;
    throw error;
  }
}
