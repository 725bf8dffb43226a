import type { HealingAction, HealingActionStatus } from '../../../src/api/healing-action.ts';
import type { Deployment } from '../../../src/api/workloads.ts';
import type { Condition } from '../../../src/domain/condition.ts';
import type { AuditEntry } from '../../../src/local/demo/audit-log.ts';

/** When everything in these tests begins; times below are milliseconds after it. */
export const T0 = Date.parse('2026-03-01T10:00:00.000Z');

export const rfc3339 = (ms: number): string => new Date(T0 + ms).toISOString();

export const condition = (
  type: string,
  reason: string,
  ms = 0,
  status: Condition['status'] = 'True',
  message = '',
): Condition => ({ type, status, reason, message, lastTransitionTime: rfc3339(ms) });

/** The conditions of a healing up to and with a step. */
export function conditionsUpTo(
  step: 'Accepted' | 'Analyzed' | 'Approved' | 'Executed' | 'Verified',
  ms = 0,
): Condition[] {
  const all = [
    condition('Accepted', 'CoveredByPolicy', ms),
    condition('Analyzed', 'Decided', ms),
    condition('Approved', 'NotRequired', ms),
    condition('Executed', 'Executed', ms),
    condition('Verified', 'Healed', ms),
  ];
  const last = all.findIndex(({ type }) => type === step);
  const reserved = step === 'Executed' || step === 'Verified' ? [condition('Reserved', 'Granted', ms)] : [];
  return [...all.slice(0, last + 1), ...reserved];
}

export interface ActionOptions {
  readonly app?: string;
  readonly kind?: 'Deployment' | 'Pod';
  readonly target?: string;
  readonly trigger?: HealingAction['spec']['trigger'];
  readonly status?: HealingActionStatus;
}

/** A HealingAction of the demo; its uid is `uid-<name>`. */
export function healingAction(name: string, options: ActionOptions = {}): HealingAction {
  const { app = 'storefront', kind = 'Deployment', target = app, trigger, status } = options;
  return {
    apiVersion: 'kubeskippy.io/v1alpha1',
    kind: 'HealingAction',
    metadata: { name, namespace: 'demo', uid: `uid-${name}`, resourceVersion: '1' },
    spec: {
      policyRef: { name: app, namespace: 'demo' },
      targetResource: { apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1', kind, name: target, namespace: 'demo' },
      action: { name: 'heal', type: kind === 'Pod' ? 'restart' : 'undo' },
      ...(trigger === undefined ? {} : { trigger }),
    },
    ...(status === undefined ? {} : { status }),
  };
}

export function deployment(name: string, available = 2, wanted = 2): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'demo', uid: `uid-${name}`, resourceVersion: '1', generation: 3 },
    spec: { replicas: wanted, selector: {}, template: { spec: { containers: [] } } },
    status: { observedGeneration: 3, replicas: wanted, updatedReplicas: wanted, availableReplicas: available },
  };
}

export function auditEntry(ms: number, auditID: string, more: Partial<AuditEntry> = {}): AuditEntry {
  return {
    auditID,
    verb: 'patch',
    requestURI: '/apis/apps/v1/namespaces/demo/deployments/storefront',
    user: { username: 'somebody' },
    responseStatus: { code: 200 },
    stageTimestamp: rfc3339(ms).replace('Z', '000Z'),
    ...more,
  };
}

/** What a node writes when a container of a pod is killed for memory. */
export const podReport = (ms: number, pod: string, containerStatus: object): AuditEntry =>
  auditEntry(ms, `node-${ms}`, {
    objectRef: { resource: 'pods', subresource: 'status', namespace: 'demo', name: pod },
    requestObject: {
      status: { phase: 'Running', containerStatuses: [{ name: 'web', restartCount: 0, ...containerStatus }] },
    },
  });
