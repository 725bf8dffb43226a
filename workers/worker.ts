import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { createCluster } from '../src/adapters/kubernetes/cluster.ts';
import { createEventRecorder } from '../src/adapters/kubernetes/event-recorder.ts';
import { KubeClient } from '../src/adapters/kubernetes/kube-client.ts';
import { createActionRecords, createPolicyRecords } from '../src/adapters/kubernetes/records.ts';
import { createLedger } from '../src/adapters/temporal/ledger.ts';
import { createPolicyMailbox } from '../src/adapters/temporal/policy-mailbox.ts';
import { analyzers } from '../src/analyzers/index.ts';
import { TASK_QUEUE } from '../src/api/temporal-names.ts';
import type { Config } from '../src/config/config.ts';
import { auditLine } from '../src/telemetry/audit-line.ts';
import type { Logger } from '../src/telemetry/logger.ts';
import type { RunningProcess } from './running-process.ts';

/** Long enough to finish a write and its record, short enough for a rolling update. */
const SHUTDOWN_GRACE = '15s';

/** Workflows and activities: everything that acts. Rejects when Temporal or the bundle cannot be had. */
export async function startWorker(config: Config, log: Logger): Promise<RunningProcess> {
  const kube = KubeClient.load({
    ...(config.kubernetes.kubeconfig === undefined ? {} : { kubeconfig: config.kubernetes.kubeconfig }),
    ...(config.kubernetes.context === undefined ? {} : { context: config.kubernetes.context }),
  });
  const connection = await NativeConnection.connect({ address: config.temporal.address });
  const client = new Client({ connection, namespace: config.temporal.namespace });
  const events = createEventRecorder(kube, log);
  const worker = await Worker.create({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: TASK_QUEUE,
    ...workflowCode(),
    activities: createActivities({
      cluster: createCluster(kube),
      actions: createActionRecords(kube),
      policies: createPolicyRecords(kube),
      ledger: createLedger(client),
      mailbox: createPolicyMailbox(client),
      analyzer: analyzers[config.analysis.analyzer],
      events,
      audit: { append: auditLine },
      settings: {
        dryRun: config.safety.dryRun,
        protectedNamespaces: config.safety.protectedNamespaces,
        acceptSignals: config.approvals.acceptSignals,
      },
    }),
    shutdownGraceTime: SHUTDOWN_GRACE,
    maxCachedWorkflows: 1_000,
  });
  const ended = worker.run();
  log.info({ temporal: config.temporal.address, cluster: kube.server, taskQueue: TASK_QUEUE }, 'worker is running');
  return {
    ended,
    async stop() {
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
      await connection.close();
    },
  };
}

/** The bundle made at build time, or the sources, bundled now. */
function workflowCode(): { workflowBundle: { codePath: string } } | { workflowsPath: string } {
  const prebuilt =
    process.env['KUBESKIPPY_WORKFLOW_BUNDLE'] ?? fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
  if (existsSync(prebuilt)) return { workflowBundle: { codePath: prebuilt } };
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return { workflowsPath: createRequire(import.meta.url).resolve(`../workflows/index.${extension}`) };
}
