import { setTimeout as delay } from 'node:timers/promises';
import { controllerOf } from '../../src/domain/owner-chain.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { Pod } from '../../src/api/workloads.ts';
import type { Stack } from '../../src/local/stack.ts';
import { effectsIn, readAuditLog, type AuditEvent } from '../support/audit-log.ts';
import { StandInNode } from '../support/stand-in-node.ts';
import { createDeployment, microseconds } from './incidents.ts';
import { latencyOf, type Latency } from './statistics.ts';

export interface EventToEffect extends Latency {
  /** The second half of the same way: from the creation of the HealingAction on. */
  readonly fromAction: Latency;
  /** Effects that were not asked for by any incident, and incidents with more than one. */
  readonly superfluous: number;
  readonly missing: number;
}

const NAMESPACE = 'bench';
const SETTLE_MS = 30_000;
/** Between incidents: latency is measured here, not how much fits. */
const SPACING_MS = 1_500;

/**
 * From the write that makes a condition true to the healer's write, both as the API server's audit log has them: `n`
 * Deployments crash one after the other, each must be restarted once.
 */
export async function eventToEffect(
  stack: Stack,
  incidents: number,
  say: (line: string) => void,
): Promise<EventToEffect> {
  const { admin } = stack;
  const node = new StandInNode(admin, NAMESPACE);
  await node.start();
  try {
    say(`${incidents} Deployments`);
    await Promise.all(
      Array.from({ length: incidents }, (_, index) => createDeployment(stack, NAMESPACE, `app-${index}`)),
    );
    await createPolicy(stack);
    const pods = await podsByApp(stack, incidents);
    say('one crash after the other');
    for (const pod of pods.values()) {
      await node.crash(pod);
      await delay(SPACING_MS);
    }
    await waitForEffects(stack, incidents, say);
    return evaluate(readAuditLog(stack.env.auditLogFile), pods);
  } finally {
    await node.stop();
  }
}

function evaluate(events: readonly AuditEvent[], pods: ReadonlyMap<string, Pod>): EventToEffect {
  const effects = Map.groupBy(effectsIn(events).filter(isOurs), ({ objectRef }) => objectRef?.name ?? '');
  const actions = new Map(events.filter(isCreation).map((event) => [targetOf(event), event]));
  const latencies: number[] = [];
  const fromAction: number[] = [];
  let superfluous = 0;
  for (const [app, pod] of pods) {
    const crash = events.findLast(
      ({ objectRef, verb }) =>
        verb === 'patch' && objectRef?.subresource === 'status' && objectRef.name === pod.metadata.name,
    );
    const [first, ...more] = effects.get(app) ?? [];
    superfluous += more.length;
    if (first === undefined || crash === undefined) continue;
    latencies.push(microseconds(first.stageTimestamp) - microseconds(crash.stageTimestamp));
    const action = actions.get(app);
    if (action !== undefined) fromAction.push(microseconds(first.stageTimestamp) - microseconds(action.stageTimestamp));
  }
  const all = [...effects.values()].reduce((sum, list) => sum + list.length, 0);
  return {
    ...latencyOf(latencies),
    fromAction: latencyOf(fromAction),
    superfluous: superfluous + (all - latencies.length - superfluous),
    missing: pods.size - latencies.length,
  };
}

/** The cost measurement before this one left effects on other Deployments of the namespace. */
const isOurs = ({ objectRef }: AuditEvent): boolean =>
  objectRef?.namespace === NAMESPACE && objectRef.name?.startsWith('app-') === true;

const isCreation = ({ verb, objectRef, responseStatus }: AuditEvent): boolean =>
  verb === 'create' && objectRef?.resource === 'healingactions' && responseStatus?.code === 201;

const targetOf = ({ requestObject }: AuditEvent): string =>
  (requestObject as { readonly spec: { readonly targetResource: { readonly name: string } } }).spec.targetResource.name;

async function createPolicy({ admin }: Stack): Promise<void> {
  await admin.create(
    resources.healingPolicies,
    { namespace: NAMESPACE },
    {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingPolicy',
      metadata: { name: 'bench', namespace: NAMESPACE },
      spec: {
        mode: 'automatic',
        selector: {
          resources: [{ apiVersion: 'apps/v1', kind: 'Deployment' }],
          labelSelector: { matchLabels: { bench: 'yes' } },
        },
        triggers: [
          { name: 'crash', type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff', duration: '0s' } },
        ],
        actions: [{ name: 'restart', type: 'restart' }],
        safetyRules: { maxActionsPerHour: 1000 },
        verification: { stabilizationWindow: '1s', timeout: '1m' },
      },
    },
  );
}

/** The one pod of each Deployment, once it is Running. */
async function podsByApp({ admin }: Stack, count: number): Promise<Map<string, Pod>> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const { items } = await admin.list<Pod>(resources.pods, { namespace: NAMESPACE, labelSelector: 'bench=yes' });
    const running = items.filter((pod) => pod.status?.phase === 'Running' && controllerOf(pod) !== undefined);
    if (running.length >= count) return new Map(running.map((pod) => [pod.metadata.labels?.['app'] ?? '', pod]));
    if (Date.now() > deadline) throw new Error(`only ${running.length} of ${count} pods came up`);
    await delay(250);
  }
}

async function waitForEffects({ env }: Stack, count: number, say: (line: string) => void): Promise<void> {
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const seen = effectsIn(readAuditLog(env.auditLogFile)).filter(isOurs);
    if (seen.length >= count || Date.now() > deadline) {
      say(`${seen.length} effects`);
      return;
    }
    await delay(500);
  }
}
