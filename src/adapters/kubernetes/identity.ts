import { API_VERSION, GROUP } from '../../api/constants.ts';
import { StepError } from '../../errors.ts';
import type { IdentityPort } from '../../ports/identity.ts';
import type { KubeClient } from './kube-client.ts';
import { isKubeError } from './kube-error.ts';
import { resources } from './resource.ts';
import { toStepError } from './step-error.ts';

/** Of the ValidatingAdmissionPolicy in deploy/admission. */
const POLICY = 'kubeskippy-identity';
const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
/** Somebody whom no API server authenticates as. */
const NOBODY = 'kubeskippy.io:nobody';

/** What the API server says when it is asked: lies are tried as dry runs, rights are asked for. */
export const createIdentity = (client: KubeClient): IdentityPort => ({
  async vouched(namespace) {
    const lie = probe(namespace, { requestedBy: { username: NOBODY } });
    try {
      await client.create(resources.healingActions, { namespace }, lie, { dryRun: true });
      return false;
    } catch (error) {
      if (!isKubeError(error)) throw error;
      if (error.status === 403 && error.message.includes(`ValidatingAdmissionPolicy '${POLICY}'`)) return true;
      if (error.causes.includes('NamespaceTerminating')) return false; // nothing is made there any more, lie or not
      const why = `whether ${namespace} is under the admission policy ${POLICY} cannot be told: ${error.message}`;
      throw new StepError('Unavailable', why, { cause: error });
    }
  },

  async mayApprove({ username, groups }, { namespace, name }) {
    const resourceAttributes = {
      group: GROUP,
      resource: 'healingactions',
      subresource: 'approval',
      verb: 'approve',
      namespace,
      name,
    };
    try {
      const { status } = await client.request<{ readonly status?: { readonly allowed?: boolean } }>(
        'POST',
        ACCESS_REVIEWS,
        {
          body: {
            apiVersion: 'authorization.k8s.io/v1',
            kind: 'SubjectAccessReview',
            spec: { user: username, groups, resourceAttributes },
          },
        },
      );
      return status?.allowed === true;
    } catch (error) {
      throw toStepError(error);
    }
  },
});

/** For dry runs: a HealingAction in which nothing is untrue unless `said` adds it. */
export const probe = (namespace: string, said: object = {}): object => ({
  apiVersion: API_VERSION,
  kind: 'HealingAction',
  metadata: { generateName: 'kubeskippy-probe-' },
  spec: {
    policyRef: { name: 'nobody', namespace },
    targetResource: { apiVersion: 'v1', kind: 'Pod', name: 'nobody' },
    action: { type: 'restart' },
    ...said,
  },
});
