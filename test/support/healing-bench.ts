import { afterAll, afterEach, beforeAll } from '@jest/globals';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import { actionWorkflowId, MESSAGES, WORKFLOWS } from '../../src/api/temporal-names.ts';
import type { Outcome } from '../../src/domain/outcome.ts';
import type { ObjectRef } from '../../src/domain/target-ref.ts';
import { startLocalEnvironment, type LocalEnvironment } from '../../src/local/environment.ts';
import { workflowBundle } from '../../workers/workflow-bundle.ts';
import { detailsOf } from './current-details.ts';
import { eventually } from './eventually.ts';
import type { MemoryWorld } from './memory-world.ts';

/** The bench of the tests of a file: started before the first, ended after the last; lanes are closed after each. */
export function benchForTests(): Pick<HealingBench, 'client' | 'open'> {
  let bench: HealingBench;
  beforeAll(async () => {
    bench = await HealingBench.start();
  }, 60_000);
  afterEach(() => bench.closeLanes());
  afterAll(() => bench.stop());
  return {
    get client() {
      return bench.client;
    },
    open: (...what) => bench.open(...what),
  };
}

/** A real Temporal, on which the workflows run over worlds in memory. */
class HealingBench {
  readonly client: Client;
  readonly #environment: LocalEnvironment;
  readonly #connection: Connection;
  readonly #native: NativeConnection;
  readonly #codePath: string;
  readonly #lanes = new Set<HealingLane>();
  #queues = 0;

  private constructor(
    environment: LocalEnvironment,
    connection: Connection,
    native: NativeConnection,
    codePath: string,
  ) {
    this.#environment = environment;
    this.#connection = connection;
    this.#native = native;
    this.#codePath = codePath;
    this.client = new Client({ connection });
  }

  static async start(): Promise<HealingBench> {
    Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: 'OFF' } } });
    const environment = await startLocalEnvironment({ components: ['temporal'] });
    const { address } = environment.temporal;
    return new HealingBench(
      environment,
      await Connection.connect({ address }),
      await NativeConnection.connect({ address }),
      await workflowBundle(),
    );
  }

  #newQueue(): string {
    this.#queues += 1;
    return `lane-${this.#queues}`;
  }

  async stop(): Promise<void> {
    await this.#connection.close();
    await this.#native.close();
    await this.#environment.stop();
  }

  /** Runs a worker whose activities reach nothing but this world; by default on a task queue of its own. */
  async open(world: MemoryWorld, taskQueue = this.#newQueue()): Promise<HealingLane> {
    const worker = await Worker.create({
      connection: this.#native,
      taskQueue,
      workflowBundle: { codePath: this.#codePath },
      activities: createActivities(world.ports),
      maxCachedWorkflows: 10,
      shutdownGraceTime: '5s',
    });
    const running = worker.run();
    const lane: HealingLane = {
      taskQueue,
      start: async (action, how = {}) => {
        const handle = await this.client.workflow.start(WORKFLOWS.action, {
          workflowId: actionWorkflowId(action.uid),
          taskQueue,
          args: [{ action, ...how }],
        });
        return new Healing(handle);
      },
      close: async () => {
        this.#lanes.delete(lane);
        worker.shutdown();
        await running;
      },
    };
    this.#lanes.add(lane);
    return lane;
  }

  async closeLanes(): Promise<void> {
    await Promise.all([...this.#lanes].map((lane) => lane.close()));
  }
}

/** One worker, and the healings that it runs. */
export interface HealingLane {
  readonly taskQueue: string;
  start(action: ObjectRef, how?: { readonly settle?: true }): Promise<Healing>;
  /** So that nobody works there any more, before the test is over. */
  close(): Promise<void>;
}

/** One running healing, as seen through Temporal. */
export class Healing {
  readonly handle: WorkflowHandle;

  constructor(handle: WorkflowHandle) {
    this.handle = handle;
  }

  /** Resolves when the healing is at this step. */
  async reaches(step: string): Promise<void> {
    await eventually(
      async () => {
        const now = await this.handle.query<string>(MESSAGES.step);
        if (now !== step) throw new Error(`the healing is at ${now}, not at ${step}`);
      },
      20_000,
      20,
    );
  }

  async outcome(): Promise<Outcome> {
    return (await this.handle.result()) as Outcome;
  }

  details(): Promise<string> {
    return detailsOf(this.handle);
  }

  /** Names of the activities that were scheduled, in order. */
  async steps(): Promise<string[]> {
    const { events } = await this.handle.fetchHistory();
    return (events ?? []).flatMap(
      ({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? [],
    );
  }
}
