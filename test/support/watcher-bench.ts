import { pino } from 'pino';
import type { HealingActionStatus } from '../../src/api/healing-action.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { EventNote } from '../../src/ports/event-recorder.ts';
import { Watcher, type WatcherOptions } from '../../src/watcher/watcher.ts';
import { HealingActions } from './healing-actions.ts';
import { MemoryApiServer } from './memory-api-server.ts';
import { MemoryClusterPort } from './memory-cluster-port.ts';
import { RecordingStarter } from './recording-starter.ts';

const AT = '2026-01-01T00:00:00Z';

export const condition = (type: string, status: 'True' | 'False' | 'Unknown', reason: string) => ({
  type,
  status,
  reason,
  message: '',
  lastTransitionTime: AT,
});
export const ENDED: HealingActionStatus = { conditions: [condition('Succeeded', 'False', 'NotHealed')] };
export const CLAIM: HealingActionStatus = { claim: { targetUid: 't', step: 'execute', attempt: 1, time: AT } };

/** A watcher between an API server and a Temporal, both in memory; everything that takes seconds takes milliseconds. */
export class WatcherBench {
  readonly actions = new HealingActions();
  readonly starter = new RecordingStarter();
  readonly events: EventNote[] = [];
  readonly api = new MemoryApiServer();
  /** The part of the cluster where the Jobs of actions are. */
  readonly jobs = new MemoryClusterPort(this.api);
  #namespace: KubeObject = { metadata: { name: 'shop', uid: 'n', resourceVersion: '1' } };
  #watcher: Watcher | undefined;

  get watcher(): Watcher {
    if (this.#watcher === undefined) throw new Error('the watcher was not started');
    return this.#watcher;
  }

  async start(options: Partial<WatcherOptions> = {}): Promise<void> {
    this.#watcher = new Watcher({
      watches: this.actions,
      starter: this.starter,
      actions: this.actions.records,
      cluster: {
        get: async <T extends KubeObject>() => this.#namespace as T, // the only object that the watcher asks for
        list: (of, labels) => this.jobs.list(of, labels),
        write: (write, options) => this.jobs.write(write, options),
      },
      events: { record: (note) => void this.events.push(note) },
      logger: pino({ level: 'silent' }),
      ...options,
      timings: { redriveEveryMs: 20, probeBaseMs: 5, probeCapMs: 20, ...options.timings },
    });
    this.#watcher.start();
    await this.#watcher.ready;
  }

  async stop(): Promise<void> {
    await this.#watcher?.stop();
  }

  uid(name: string): string {
    return this.actions.the(name).metadata.uid;
  }

  endNamespace(): void {
    this.#namespace = { metadata: { ...this.#namespace.metadata, deletionTimestamp: AT } };
  }
}
