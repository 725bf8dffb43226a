import type { HealingAction } from '../../src/api/healing-action.ts';
import type { Sighting } from '../crash/oracle/history.ts';
import type { AuditEvent } from './audit-log.ts';

export const AT = '2026-01-01T00:00:00Z';
export const write = (more: Partial<AuditEvent> = {}): AuditEvent => ({
  auditID: 'ks/x/execute/1.1.1',
  verb: 'patch',
  user: { username: 'system:serviceaccount:kubeskippy-system:kubeskippy-worker' },
  objectRef: { resource: 'deployments', namespace: 'trial', name: 'cart', apiGroup: 'apps' },
  requestURI: '/apis/apps/v1/namespaces/trial/deployments/cart?fieldManager=kubeskippy',
  responseStatus: { code: 200 },
  requestObject: [
    { op: 'test', path: '/metadata/uid', value: 'u' },
    { op: 'add', path: '/spec/template/metadata/annotations', value: {} },
  ],
  requestReceivedTimestamp: AT,
  stageTimestamp: AT,
  ...more,
});
export const mark = write({
  requestObject: [{ op: 'add', path: '/metadata/annotations/kubeskippy.io~1fence', value: 'f' }],
});
export const recordOf = (resource: string, name: string, subresource?: string): AuditEvent =>
  write({
    objectRef: { resource, name, apiGroup: 'kubeskippy.io', ...(subresource === undefined ? {} : { subresource }) },
  });
export const record = recordOf('healingactions', 'healing', 'status');
export const eventAbout = (name: string): AuditEvent =>
  write({
    verb: 'create',
    objectRef: { resource: 'events', name: `${name}.0123456789abcdef`, apiGroup: 'events.k8s.io' },
    requestObject: { regarding: { kind: 'Deployment', namespace: 'trial', name } },
  });
export const sighting = (version: number, state: string, key = 'deployments/cart'): Sighting => ({
  key,
  state,
  version,
  marks: [],
});

export function action(
  conditions: Readonly<Record<string, string>>,
  finalizers: readonly string[] = [],
): HealingAction {
  return {
    apiVersion: 'kubeskippy.io/v1alpha1',
    kind: 'HealingAction',
    metadata: { name: 'healing', namespace: 'trial', uid: 'x', resourceVersion: '30', finalizers },
    spec: {
      policyRef: { name: 'grants', namespace: 'trial' },
      targetResource: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' },
      action: { type: 'restart' },
    },
    status: {
      conditions: Object.entries(conditions).map(([type, text]) => {
        const [status = '', reason = ''] = text.split(' ');
        return { type, status: status as 'True', reason, message: 'so it is said', lastTransitionTime: AT };
      }),
    },
  };
}
