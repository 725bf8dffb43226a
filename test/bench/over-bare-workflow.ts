import { setTimeout as delay } from 'node:timers/promises';
import { createRequire } from 'node:module';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { resources } from '../../src/adapters/kubernetes/resource.ts';
import type { Deployment } from '../../src/api/workloads.ts';
import { actionWorkflowId } from '../../src/api/temporal-names.ts';
import type { Stack } from '../../src/local/stack.ts';
import { createBareActivities } from './bare/activities.ts';
import { askForRestart } from './incidents.ts';
import { StandInNode } from '../support/stand-in-node.ts';
import { median, round } from './statistics.ts';

export interface OverBareWorkflow {
  readonly eventsRatio: number;
  readonly latencyRatio: number;
  readonly pairs: number;
  readonly events: { readonly ours: number; readonly bare: number };
  readonly latencyMs: { readonly ours: number; readonly bare: number };
}

const NAMESPACE = 'bench';
const BARE_QUEUE = 'bench-bare';
const WINDOW_MS = 1_000;

/** What one run cost. Waiting is the same for both and not ours to make shorter, so timers are taken out. */
interface Cost {
  readonly events: number;
  readonly workMs: number;
}

/** The same restart of the same kind of Deployment by our workflow and by a bare one, in turn, in one run. */
export async function overBareWorkflow(
  stack: Stack,
  pairs: number,
  say: (line: string) => void,
): Promise<OverBareWorkflow> {
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
  const { env, admin } = stack;
  const node = new StandInNode(admin, NAMESPACE);
  await node.start();
  const connection = await Connection.connect({ address: env.temporal.address });
  const native = await NativeConnection.connect({ address: env.temporal.address });
  const client = new Client({ connection });
  const worker = await Worker.create({
    connection: native,
    taskQueue: BARE_QUEUE,
    workflowsPath: createRequire(import.meta.url).resolve('./bare/workflow.ts'),
    activities: createBareActivities(KubeClient.load({ kubeconfig: env.kubeconfig('worker') })),
  });
  try {
    await prepare(stack);
    const ours: Cost[] = [];
    const bare: Cost[] = [];
    await worker.runUntil(async () => {
      for (let pair = 0; pair <= pairs; pair++) {
        // A B, B A, A B: neither always comes first on a machine that drifts.
        const runs = [
          async () => ours.push(await runOurs(stack, client, pair)),
          async () => bare.push(await runBare(stack, client, pair)),
        ];
        if (pair % 2 === 1) runs.reverse();
        for (const run of runs) await run();
        if (pair % 10 === 0) say(`pair ${pair} of ${pairs}`);
      }
    });
    ours.shift(); // the first pair warms up caches and connections
    bare.shift();
    return {
      eventsRatio: round(median(ours.map((cost, index) => cost.events / (bare[index]?.events ?? Number.NaN))), 3),
      latencyRatio: round(median(ours.map((cost, index) => cost.workMs / (bare[index]?.workMs ?? Number.NaN))), 3),
      pairs: ours.length,
      events: { ours: median(ours.map(({ events }) => events)), bare: median(bare.map(({ events }) => events)) },
      latencyMs: {
        ours: round(median(ours.map(({ workMs }) => workMs))),
        bare: round(median(bare.map(({ workMs }) => workMs))),
      },
    };
  } finally {
    await node.stop();
    await connection.close();
    await native.close();
  }
}

async function prepare({ admin }: Stack): Promise<void> {
  for (const name of ['cost-ours', 'cost-bare']) {
    await admin.create(
      resources.deployments,
      { namespace: NAMESPACE },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name },
        spec: {
          replicas: 1,
          revisionHistoryLimit: 2,
          selector: { matchLabels: { app: name } },
          template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'app', image: 'bench' }] } },
        },
      },
    );
  }
  await admin.create(
    resources.healingPolicies,
    { namespace: NAMESPACE },
    {
      apiVersion: 'kubeskippy.io/v1alpha1',
      kind: 'HealingPolicy',
      metadata: { name: 'cost', namespace: NAMESPACE },
      spec: {
        mode: 'automatic',
        selector: { resources: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] },
        triggers: [],
        actions: [{ name: 'restart', type: 'restart' }],
        safetyRules: { maxActionsPerHour: 1000 },
        verification: { stabilizationWindow: `${WINDOW_MS}ms`, timeout: '1m' },
      },
    },
  );
  for (const name of ['cost-ours', 'cost-bare']) await available({ admin }, name);
}

async function available({ admin }: Pick<Stack, 'admin'>, name: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const { spec, status, metadata } = await admin.get<Deployment>(resources.deployments, {
      namespace: NAMESPACE,
      name,
    });
    if (
      status?.observedGeneration === metadata.generation &&
      status?.replicas === spec.replicas &&
      status?.availableReplicas === spec.replicas
    )
      return;
    if (Date.now() > deadline) throw new Error(`Deployment ${name} did not become available`);
    await delay(50);
  }
}

async function runOurs(stack: Stack, client: Client, pair: number): Promise<Cost> {
  await available(stack, 'cost-ours');
  const action = await askForRestart(stack, {
    namespace: NAMESPACE,
    name: `ours-${pair}`,
    deployment: 'cost-ours',
    policy: 'cost',
  });
  const id = actionWorkflowId(action.metadata.uid);
  await started(client, id);
  await client.workflow.getHandle(id).result();
  return costOf(client, id);
}

/** The watcher starts it a moment after the object exists. */
async function started(client: Client, id: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      await client.workflow.getHandle(id).describe();
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(20);
    }
  }
}

async function runBare(stack: Stack, client: Client, pair: number): Promise<Cost> {
  await available(stack, 'cost-bare');
  // Paused by its policy's absence in the eyes of our watcher: it ends at once as Refused and leaves the object alone.
  const action = await askForRestart(stack, {
    namespace: NAMESPACE,
    name: `bare-${pair}`,
    deployment: 'cost-bare',
    policy: 'no-such-policy',
  });
  await client.workflow
    .getHandle(actionWorkflowId(action.metadata.uid))
    .result()
    .catch(() => undefined);
  const workflowId = `bare-${pair}`;
  await client.workflow.execute('bareWorkflow', {
    workflowId,
    taskQueue: BARE_QUEUE,
    args: [
      {
        namespace: NAMESPACE,
        action: action.metadata.name,
        policy: 'cost',
        deployment: 'cost-bare',
        windowMs: WINDOW_MS,
      },
    ],
  });
  return costOf(client, workflowId);
}

async function costOf(client: Client, workflowId: string): Promise<Cost> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory();
  const list = events ?? [];
  const at = (index: number): number => {
    const time = list.at(index)?.eventTime;
    return Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1e6;
  };
  let waitedMs = 0;
  const timers = new Map<string, number>();
  list.forEach((event, index) => {
    if (event.timerStartedEventAttributes) timers.set(String(event.eventId), at(index));
    const fired = event.timerFiredEventAttributes;
    if (fired) waitedMs += at(index) - (timers.get(String(fired.startedEventId)) ?? at(index));
  });
  return { events: list.length, workMs: at(-1) - at(0) - waitedMs };
}
