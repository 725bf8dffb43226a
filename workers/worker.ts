import { Client } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { createCluster } from '../src/adapters/kubernetes/cluster.ts';
import { createEventRecorder } from '../src/adapters/kubernetes/event-recorder.ts';
import { createIdentity } from '../src/adapters/kubernetes/identity.ts';
import { createActionRecords, createPolicyRecords } from '../src/adapters/kubernetes/records.ts';
import { createPrometheus, noMetrics } from '../src/adapters/prometheus/prometheus.ts';
import { createLedger, startLedger } from '../src/adapters/temporal/ledger.ts';
import { createPolicyMailbox } from '../src/adapters/temporal/policy-mailbox.ts';
import { analyzers } from '../src/analyzers/index.ts';
import { TASK_QUEUE } from '../src/api/temporal-names.ts';
import type { Config } from '../src/config/config.ts';
import { writeAuditLine } from '../src/telemetry/audit-line.ts';
import type { Logger } from '../src/telemetry/logger.ts';
import { reportIdentity } from './identity-check.ts';
import { loadKubeClient } from './kube.ts';
import type { RunningProcess } from './running-process.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** Long enough to finish a write and its record, short enough for a rolling update. */
const SHUTDOWN_GRACE = '15s';

/** Workflows and activities: everything that acts. Rejects when Temporal or the bundle cannot be had. */
export async function startWorker(config: Config, log: Logger): Promise<RunningProcess> {
  const kube = loadKubeClient(config);
  const { url, lookbackMs } = config.prometheus;
  const connection = await connect(config.temporal.address);
  const client = new Client({ connection, namespace: config.temporal.namespace });
  const events = createEventRecorder(kube, log);
  const identity = createIdentity(kube);
  const worker = await Worker.create({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: TASK_QUEUE,
    workflowBundle: { codePath: await workflowBundle() },
    activities: createActivities({
      cluster: createCluster(kube),
      actions: createActionRecords(kube),
      policies: createPolicyRecords(kube),
      ledger: createLedger(client),
      mailbox: createPolicyMailbox(client),
      identity,
      analyzer: analyzers[config.analysis.analyzer],
      metrics: url === undefined ? noMetrics : createPrometheus({ url, lookbackMs }),
      events,
      audit: { append: writeAuditLine },
      log,
      settings: {
        dryRun: config.safety.dryRun,
        protectedNamespaces: config.safety.protectedNamespaces,
        ...config.approvals,
      },
    }),
    shutdownGraceTime: SHUTDOWN_GRACE,
    maxCachedWorkflows: 1_000,
    // What a killed worker had in its cache comes to another one after this.
    stickyQueueScheduleToStartTimeout: '2s',
  });
  const stopping = new AbortController();
  const ended = worker.run();
  void reportIdentity(identity, config.approvals.requireIdentity, log, stopping.signal);
  startLedger(client).catch((error: unknown) => {
    log.warn({ err: error }, 'ledger not started; the first reservation will');
  });
  log.info({ temporal: config.temporal.address, cluster: kube.server, taskQueue: TASK_QUEUE }, 'worker is running');
  return {
    ended,
    async stop() {
      stopping.abort();
      if (worker.getState() === 'RUNNING') worker.shutdown();
      await ended;
      await connection.close();
    },
  };
}

async function connect(address: string): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect({ address });
  } catch (error) {
    throw new Error(
      `Temporal cannot be reached at ${address}: start it (\`temporal server start-dev\`, or \`kubeskippy local up\`), ` +
        'or set temporal.address or KUBESKIPPY_TEMPORAL_ADDRESS',
      { cause: error },
    );
  }
}
