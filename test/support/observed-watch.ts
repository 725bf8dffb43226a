import { pino } from 'pino';
import type { KubeObject, ObjectMeta } from '../../src/api/meta.ts';
import type { ListWatchTimings } from '../../src/adapters/kubernetes/list-watch-timings.ts';
import type { ListWatch } from '../../src/adapters/kubernetes/list-watch.ts';
import { KubeObjectWatch } from '../../src/adapters/kubernetes/object-watch.ts';
import type { ObjectChange } from '../../src/ports/object-watch.ts';
import type { FakeApiServer } from './fake-api-server.ts';

export interface Item extends KubeObject {
  readonly metadata: ObjectMeta;
  readonly data: Readonly<Record<string, string>>;
}

/**
 * What takes seconds or minutes in earnest takes milliseconds, but for the times after which the server is taken for dead: on
 * a busy machine the test process itself is silent for a moment.
 */
export const fastTimings: Partial<ListWatchTimings> = {
  backoffBaseMs: 4,
  backoffCapMs: 40,
  shortStreamMs: 20,
  headersTimeoutMs: 20_000,
  pageTimeoutMs: 20_000,
  silenceMs: 60_000,
  initialSilenceMs: 60_000,
  redeliveryBaseMs: 4,
  redeliveryCapMs: 20,
};

export const project = (raw: KubeObject): Item => {
  const { name, namespace, uid, resourceVersion } = raw.metadata;
  const data = 'data' in raw ? (raw.data as Item['data']) : {};
  return { metadata: { name, uid, resourceVersion, ...(namespace === undefined ? {} : { namespace }) }, data };
};

export interface ObservedWatch {
  readonly watch: ListWatch<Item>;
  readonly changes: ObjectChange<Item>[];
  /** `added a`, `updated a`, `deleted a`, in the order of hand-over. */
  readonly log: () => string[];
  /** Name → `data.v` of what the watch holds. */
  readonly held: () => Record<string, string | undefined>;
  readonly syncs: number;
}

export interface ObserveOptions {
  readonly timings?: Partial<ListWatchTimings>;
  /** Called before a change is noted; a rejection means that it was not taken. */
  readonly take?: (change: ObjectChange<Item>) => void | Promise<void>;
  readonly user?: object;
  readonly projectItem?: (raw: KubeObject) => Item;
}

/** A started watch of the fake server's ConfigMaps that notes what it hands over. */
export function observe(server: FakeApiServer, options: ObserveOptions = {}): ObservedWatch {
  const changes: ObjectChange<Item>[] = [];
  let syncs = 0;
  const port = new KubeObjectWatch({
    client: server.client(options.user),
    logger: pino({ level: 'silent' }),
    timings: { ...fastTimings, ...options.timings },
  });
  const watch = port.watch<Item>({
    scope: { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default' },
    project: options.projectItem ?? project,
    onChange: async (change) => {
      await options.take?.(change);
      changes.push(change);
    },
    onSynced: () => {
      syncs += 1;
    },
  });
  watch.start();
  return {
    watch,
    changes,
    log: () => changes.map((change) => `${change.type} ${change.object.metadata.name}`),
    held: () => Object.fromEntries([...watch.values()].map(({ metadata, data }) => [metadata.name, data['v']])),
    get syncs() {
      return syncs;
    },
  };
}
