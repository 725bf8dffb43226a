import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalEnvironment } from '../../src/local/environment.ts';
import { TemporalConnection } from '../../src/adapters/temporal/connection.ts';
import { createWorkflowStarter } from '../../src/adapters/temporal/workflow-starter.ts';
import { actionWorkflowId } from '../../src/api/temporal-names.ts';
import type { WorkflowStarter } from '../../src/ports/workflow-starter.ts';
import { ApiProxy } from './proxy/api-proxy.ts';
import { createTemporalNamespace } from './temporal-namespace.ts';
import { workerProcess } from './worker-process.ts';

const DIES_WITHIN_MS = 10_000;
const ENDS_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 200;

/** In front of the API server of these servers. */
export const startProxy = (env: LocalEnvironment): Promise<ApiProxy> =>
  ApiProxy.start({ upstream: env.apiServerUrl, caFile: env.pki.ca.certFile, serving: env.pki.componentServing });

/** One worker process with a task queue and a ledger of its own, and a way to the API server on which anything may happen. */
export class Lane {
  readonly name: string;
  readonly proxy: ApiProxy;
  readonly starter: WorkflowStarter;
  readonly #env: LocalEnvironment;
  readonly #connection: TemporalConnection;
  #worker: string;
  #workers = 1;

  private constructor(name: string, env: LocalEnvironment, proxy: ApiProxy) {
    this.name = name;
    this.proxy = proxy;
    this.#env = env;
    this.#connection = new TemporalConnection({ address: env.temporal.address, namespace: name });
    this.starter = createWorkflowStarter(this.#connection);
    this.#worker = this.#workerName();
  }

  static async open(env: LocalEnvironment, name: string): Promise<Lane> {
    const proxy = await startProxy(env);
    await createTemporalNamespace(env.temporal.address, name);
    const lane = new Lane(name, env, proxy);
    await lane.#start(lane.#worker);
    return lane;
  }

  async close(): Promise<void> {
    await this.#connection.close();
    await this.proxy.stop();
  }

  /** Ends the worker in the middle of whatever it does; it is started again at once. Resolves when it is dead. */
  async killWorker(): Promise<void> {
    const { supervisor } = this.#env;
    const { pid } = supervisor.get(this.#worker);
    supervisor.kill(this.#worker, 'SIGKILL');
    const deadline = Date.now() + DIES_WITHIN_MS;
    while (pid !== undefined && supervisor.get(this.#worker).pid === pid) {
      if (Date.now() > deadline) throw new Error(`${this.#worker} does not die`);
      await sleep(1);
    }
  }

  /** Stops the worker where it is, and starts another; the first goes on when `wake` is called. */
  async replaceWorker(): Promise<{
    readonly start: () => Promise<void>;
    readonly wake: () => void;
    readonly end: () => Promise<void>;
  }> {
    const { supervisor } = this.#env;
    const sleeper = this.#worker;
    supervisor.kill(sleeper, 'SIGSTOP');
    this.#workers += 1;
    this.#worker = this.#workerName();
    return {
      start: () => this.#start(this.#worker),
      wake: () => void supervisor.kill(sleeper, 'SIGCONT'),
      end: () => supervisor.get(sleeper).stop(true),
    };
  }

  /** Whether the workflow of an action ends within a minute. */
  async workflowEnds(uid: string): Promise<boolean> {
    const deadline = Date.now() + ENDS_WITHIN_MS;
    while (Date.now() < deadline) {
      const { status } = await this.#connection.call((client) =>
        client.workflow.getHandle(actionWorkflowId(uid)).describe(),
      );
      if (status.name !== 'RUNNING') return true;
      await sleep(LOOK_EVERY_MS);
    }
    return false;
  }

  #workerName(): string {
    return `worker-${this.name}-${this.#workers}`;
  }

  async #start(name: string): Promise<void> {
    const place = { name, apiServer: this.proxy.url, temporalNamespace: this.name };
    await this.#env.supervisor.start(await workerProcess(this.#env, place));
  }
}
