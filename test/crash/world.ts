import { createCluster } from '../../src/adapters/kubernetes/cluster.ts';
import { createEventRecorder } from '../../src/adapters/kubernetes/event-recorder.ts';
import { KubeClient } from '../../src/adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../src/adapters/kubernetes/object-watch.ts';
import { createActionRecords } from '../../src/adapters/kubernetes/records.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../src/local/environment.ts';
import { installManifests } from '../../src/local/install-manifests.ts';
import type { WorkflowStarter } from '../../src/ports/workflow-starter.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { Watcher } from '../../src/watcher/watcher.ts';
import { StandInNode } from '../support/stand-in-node.ts';
import type { Cell } from './cell.ts';
import { kubeconfigAt } from './kubeconfig-at.ts';
import { Lane, startProxy } from './lane.ts';
import { AuditTail } from './oracle/audit-tail.ts';
import { Observer } from './oracle/observer.ts';
import { startSecondApiServer } from './oracle/second-api-server.ts';
import type { ApiProxy } from './proxy/api-proxy.ts';
import { Trial } from './trial.ts';
import { WatchTap } from './watch-tap.ts';

/** The real servers, the product's own watcher, pods that run nothing, and somebody who sees everything. */
export class World {
  readonly env: LocalEnvironment;
  readonly lanes: readonly Lane[];
  readonly observer: Observer;
  readonly audit: AuditTail;
  /** On the watcher's way to the API server. */
  readonly watchTap: WatchTap;
  readonly #watcherProxy: ApiProxy;
  readonly #admin: KubeClient;
  readonly #node: StandInNode;
  readonly #watcher: Watcher;
  readonly #laneOf = new Map<string, Lane>();
  #trials = 0;

  private constructor(
    env: LocalEnvironment,
    lanes: readonly Lane[],
    admin: KubeClient,
    node: StandInNode,
    observer: Observer,
    watcherProxy: ApiProxy,
  ) {
    this.env = env;
    this.lanes = lanes;
    this.observer = observer;
    this.audit = new AuditTail(env.auditLogFile);
    this.#admin = admin;
    this.#node = node;
    this.#watcherProxy = watcherProxy;
    this.watchTap = new WatchTap(watcherProxy);
    const place = { server: watcherProxy.url, name: 'crash-watcher' };
    const client = KubeClient.load({ kubeconfig: kubeconfigAt(env, 'controller', place) });
    const logger = createLogger('crash-watcher', 'fatal');
    this.#watcher = new Watcher({
      watches: new KubeObjectWatch({ client, logger }),
      starter: starterOver(lanes, this.#laneOf),
      actions: createActionRecords(client),
      cluster: createCluster(client),
      events: createEventRecorder(client, logger),
      logger,
      timings: { redriveEveryMs: 5_000 },
    });
  }

  static async start(lanes: number, say: (line: string) => void): Promise<World> {
    const env = await startLocalEnvironment({
      components: ['apiserver', 'controller-manager', 'temporal'],
      onProgress: say,
    });
    try {
      const admin = KubeClient.load({ kubeconfig: env.kubeconfig('admin') });
      await installManifests(admin);
      const opened: Lane[] = [];
      for (let index = 1; index <= lanes; index++) opened.push(await Lane.open(env, `lane-${index}`));
      const node = new StandInNode(admin);
      await node.start();
      const observer = new Observer(await startSecondApiServer(env));
      await observer.start();
      const world = new World(env, opened, admin, node, observer, await startProxy(env));
      world.#watcher.start();
      await world.#watcher.ready;
      return world;
    } catch (error) {
      await env.stop();
      throw error;
    }
  }

  /** Makes everything that the cell's healing is for. */
  prepare(cell: Cell, lane: Lane): Promise<Trial> {
    this.#trials += 1;
    const namespace = `trial-${this.#trials}`;
    this.#laneOf.set(namespace, lane);
    return Trial.prepare(cell, { admin: this.#admin, namespace }, this.observer);
  }

  isTrial(namespace: string): boolean {
    return this.#laneOf.has(namespace);
  }

  async stop(): Promise<void> {
    await Promise.allSettled([this.#watcher.stop(), this.#node.stop(), this.observer.stop()]);
    await Promise.allSettled([this.#watcherProxy.stop(), ...this.lanes.map((lane) => lane.close())]);
    await this.env.stop();
  }
}

/** One watcher for all lanes: each healing is started where its namespace belongs. */
function starterOver(lanes: readonly Lane[], laneOf: ReadonlyMap<string, Lane>): WorkflowStarter {
  const byUid = new Map<string, Lane>();
  const starterFor = (namespace: string, uid: string): WorkflowStarter => {
    const lane = laneOf.get(namespace);
    if (lane === undefined) throw new Error(`no lane for namespace ${namespace}`);
    byUid.set(uid, lane);
    return lane.starter;
  };
  return {
    startHealingAction: (ref, summary) => starterFor(ref.namespace, ref.uid).startHealingAction(ref, summary),
    settleHealingAction: (ref, summary) => starterFor(ref.namespace, ref.uid).settleHealingAction(ref, summary),
    signalDecision: (ref) => starterFor(ref.namespace, ref.uid).signalDecision(ref),
    cancel: async ({ uid }) => (await byUid.get(uid)?.starter.cancel({ uid })) ?? 'closed',
    running: async () => (await Promise.all(lanes.map(({ starter }) => starter.running()))).flat(),
    ping: async () => {
      await Promise.all(lanes.map(({ starter }) => starter.ping()));
    },
  };
}
