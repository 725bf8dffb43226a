import { createCluster } from '../src/adapters/kubernetes/cluster.ts';
import { createEventRecorder } from '../src/adapters/kubernetes/event-recorder.ts';
import { KubeObjectWatch } from '../src/adapters/kubernetes/object-watch.ts';
import { createActionRecords } from '../src/adapters/kubernetes/records.ts';
import { TemporalConnection } from '../src/adapters/temporal/connection.ts';
import { TemporalPolicyObserver } from '../src/adapters/temporal/policy-observer.ts';
import { createWorkflowStarter } from '../src/adapters/temporal/workflow-starter.ts';
import type { Config } from '../src/config/config.ts';
import { systemClock } from '../src/detector/clock.ts';
import { Detector } from '../src/detector/detector.ts';
import type { Logger } from '../src/telemetry/logger.ts';
import { FinishedActions } from '../src/watcher/finished-actions.ts';
import { OrphanedJobs } from '../src/watcher/orphaned-jobs.ts';
import { Watcher } from '../src/watcher/watcher.ts';
import { loadKubeClient } from './kube.ts';
import type { RunningProcess } from './running-process.ts';

/** Watcher and detector: they hand over to Temporal and act on nothing. Runs on while Temporal or the API server is away. */
export function startController(config: Config, logger: Logger): RunningProcess {
  const kube = loadKubeClient(config);
  const temporal = new TemporalConnection(config.temporal);
  const watches = new KubeObjectWatch({ client: kube, logger });
  const detector = new Detector({ watches, observer: new TemporalPolicyObserver({ client: temporal.client }), logger });
  const actions = createActionRecords(kube);
  const finished = new FinishedActions({ watches, actions, clock: systemClock, logger });
  const cluster = createCluster(kube);
  const orphanedJobs = new OrphanedJobs({ watches, actions, cluster, clock: systemClock, logger });
  const watcher = new Watcher({
    watches,
    starter: createWorkflowStarter(temporal),
    actions,
    cluster,
    events: createEventRecorder(kube, logger),
    logger,
  });
  detector.start();
  watcher.start();
  finished.start();
  orphanedJobs.start();
  logger.info({ temporal: config.temporal.address, cluster: kube.server }, 'controller is running');
  const { promise: ended, resolve } = Promise.withResolvers<undefined>();
  return {
    ended,
    async stop() {
      await Promise.all([detector.stop(), watcher.stop(), finished.stop(), orphanedJobs.stop()]);
      await temporal.close();
      resolve(undefined);
    },
  };
}
