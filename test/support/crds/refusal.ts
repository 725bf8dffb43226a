import { KubeError } from '../../../src/adapters/kubernetes/kube-error.ts';

/** The error of a request that must be refused by the server; anything else is an error of the test. */
export async function refusal(request: Promise<unknown>): Promise<KubeError> {
  try {
    await request;
  } catch (error) {
    if (error instanceof KubeError && error.status >= 400) return error;
    throw error;
  }
  throw new Error('the API server accepted what it must refuse');
}
