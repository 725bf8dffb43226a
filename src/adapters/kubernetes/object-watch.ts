import type { KubeObject } from '../../api/meta.ts';
import type { ObjectWatchPort, WatchOptions } from '../../ports/object-watch.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { KubeClient } from './kube-client.ts';
import { defaultTimings, type ListWatchTimings } from './list-watch-timings.ts';
import { ListWatch } from './list-watch.ts';
import { resourceOf } from './resource.ts';

export interface KubeObjectWatchOptions {
  readonly client: KubeClient;
  readonly logger: Logger;
  /** Only what differs from {@link defaultTimings}. */
  readonly timings?: Partial<ListWatchTimings>;
}

/** {@link ObjectWatchPort} over one API server. Throws for a kind that KubeSkippy does not know. */
export class KubeObjectWatch implements ObjectWatchPort {
  readonly #options: KubeObjectWatchOptions;

  constructor(options: KubeObjectWatchOptions) {
    this.#options = options;
  }

  watch<T extends KubeObject>(options: WatchOptions<T>): ListWatch<T> {
    const { client, logger, timings } = this.#options;
    const { apiVersion, kind } = options.scope;
    const resource = resourceOf(apiVersion, kind);
    if (resource === undefined)
      throw new TypeError(`cannot watch ${apiVersion} ${kind}: add it to the kinds in resource.ts`);
    return new ListWatch(resource, options, { client, logger, timings: { ...defaultTimings, ...timings } });
  }
}
