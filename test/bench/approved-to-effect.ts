import { setTimeout as delay } from 'node:timers/promises';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../src/api/healing-action.ts';
import type { Deployment } from '../../src/api/workloads.ts';
import type { Stack } from '../../src/local/stack.ts';
import { effectsIn, readAuditLog, type AuditEvent } from '../support/audit-log.ts';
import { eventually } from '../support/eventually.ts';
import { StandInNode } from '../support/stand-in-node.ts';
import { askForRestart, createDeployment, microseconds } from './incidents.ts';
import { latencyOf, type Latency } from './statistics.ts';

const NAMESPACE = 'bench-approved';
/** Between healings: latency is measured here, not how much fits. */
const SPACING_MS = 1_500;
const PATIENCE_MS = 30_000;

/**
 * From the write of `spec.approval` to the healer's write, both as the API server's audit log has them: `n` Deployments that
 * run are restarted one after the other, each once a person has said yes.
 */
export async function approvedToEffect(stack: Stack, approvals: number, say: (line: string) => void): Promise<Latency> {
  const { admin } = stack;
  await admin.create(resources.namespaces, {}, { metadata: { name: NAMESPACE } });
  await createPolicy(stack);
  const names = Array.from({ length: approvals }, (_, index) => `asked-${index}`);
  const node = new StandInNode(admin, NAMESPACE);
  await node.start();
  try {
    await Promise.all(names.map((name) => createDeployment(stack, NAMESPACE, name)));
    for (const name of names) {
      await available(stack, name);
      // Named like its target, so that approvals and effects are matched by name.
      await askForRestart(stack, { namespace: NAMESPACE, name, deployment: name, policy: 'asked' });
      await approve(stack, await waiting(stack, name));
      await delay(SPACING_MS);
    }
    return await measured(stack, approvals, say);
  } finally {
    await node.stop();
  }
}

async function measured(stack: Stack, approvals: number, say: (line: string) => void): Promise<Latency> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const latencies = evaluate(readAuditLog(stack.env.auditLogFile));
    if (latencies.length >= approvals || Date.now() > deadline) {
      say(`${latencies.length} approved effects`);
      return latencyOf(latencies);
    }
    await delay(500);
  }
}

function evaluate(events: readonly AuditEvent[]): number[] {
  const here = events.filter(({ objectRef }) => objectRef?.namespace === NAMESPACE);
  const approvals = new Map(here.filter(isApproval).map((event) => [event.objectRef?.name, event]));
  return effectsIn(here).flatMap((effect) => {
    const approval = approvals.get(effect.objectRef?.name);
    return approval === undefined ? [] : [microseconds(effect.stageTimestamp) - microseconds(approval.stageTimestamp)];
  });
}

const isApproval = ({ verb, objectRef, requestObject, responseStatus }: AuditEvent): boolean =>
  verb === 'patch' &&
  objectRef?.resource === 'healingactions' &&
  objectRef.subresource === undefined &&
  responseStatus?.code === 200 &&
  typeof requestObject === 'object' &&
  requestObject !== null &&
  'spec' in requestObject;

async function createPolicy({ admin }: Stack): Promise<void> {
  await admin.create(
    resources.healingPolicies,
    { namespace: NAMESPACE },
    {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingPolicy',
      metadata: { name: 'asked', namespace: NAMESPACE },
      spec: {
        mode: 'manual',
        selector: { resources: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] },
        triggers: [],
        actions: [{ name: 'restart', type: 'restart' }],
        safetyRules: { maxActionsPerHour: 1000 },
        verification: { stabilizationWindow: '1s', timeout: '1m' },
      },
    },
  );
}

const available = ({ admin }: Stack, name: string): Promise<void> =>
  soon(async () => {
    const { status } = await admin.get<Deployment>(resources.deployments, { namespace: NAMESPACE, name });
    if (status?.availableReplicas !== 1) throw new Error(`Deployment ${name} is not available`);
  });

const waiting = ({ admin }: Stack, name: string): Promise<HealingAction> =>
  soon(async () => {
    const action = await admin.get<HealingAction>(resources.healingActions, { namespace: NAMESPACE, name });
    if (action.status?.approval?.required !== true) throw new Error(`HealingAction ${name} did not ask for approval`);
    return action;
  });

const soon = <T>(check: () => Promise<T>): Promise<T> => eventually(check, PATIENCE_MS, 25);

async function approve({ admin }: Stack, { metadata, status }: HealingAction): Promise<void> {
  await delay(100); // a person is not as fast as a program
  const approval = { decision: 'Approved', planDigest: status?.planDigest ?? '' };
  await admin.patch(resources.healingActions, { namespace: NAMESPACE, name: metadata.name }, 'merge', {
    spec: { approval },
  });
}
