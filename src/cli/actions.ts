import { KubeObjectWatch } from '../adapters/kubernetes/object-watch.ts';
import { API_VERSION } from '../api/constants.ts';
import type { HealingAction } from '../api/healing-action.ts';
import { createLogger } from '../telemetry/logger.ts';
import { isWanted, type Filter } from './action-rows.ts';
import { listingIn, type ListFormat } from './actions-listing.ts';
import { openCluster, type Cluster } from './cluster.ts';
import type { ClusterOptions } from './commands/cluster-options.ts';
import { outputClosed } from './output/closed-pipe.ts';
import { tell } from './output/print.ts';

export interface ActionsOptions extends ClusterOptions, Filter {
  readonly output?: ListFormat;
  readonly watch?: true;
}

/** `kubeskippy actions`. */
export async function actions(options: ActionsOptions): Promise<void> {
  const cluster = openCluster(options);
  const found = (await cluster.list()).filter((action) => isWanted(action, options)).sort(byAge);
  const shown = listingIn(options.output, cluster);
  shown.print(found, options.watch === true);
  if (options.watch === true) await follow(cluster, options, found, shown.printOne);
  else if (found.length === 0 && isForPeople(options.output))
    tell(`no HealingActions${cluster.namespace === undefined ? '' : ` in namespace ${cluster.namespace}`}`);
}

const isForPeople = (output: ListFormat | undefined): boolean => output === undefined || output === 'wide';

const byAge = (a: HealingAction, b: HealingAction): number =>
  (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
  a.metadata.name.localeCompare(b.metadata.name);

/** Prints what changes from now on, until Ctrl-C, or until nobody reads it any more. */
async function follow(
  cluster: Cluster,
  filter: Filter,
  shown: readonly HealingAction[],
  printOne: (action: HealingAction) => void,
): Promise<void> {
  const known = new Map(shown.map(({ metadata }) => [metadata.uid, metadata.resourceVersion]));
  const watches = new KubeObjectWatch({ client: cluster.client, logger: createLogger('kubeskippy', 'silent') });
  const watch = watches.watch<HealingAction>({
    scope: {
      apiVersion: API_VERSION,
      kind: 'HealingAction',
      ...(cluster.namespace === undefined ? {} : { namespace: cluster.namespace }),
    },
    project: (raw) => raw as HealingAction,
    onChange: ({ type, object }) => {
      if (type === 'deleted' || !isWanted(object, filter)) return;
      if (known.get(object.metadata.uid) === object.metadata.resourceVersion) return;
      known.set(object.metadata.uid, object.metadata.resourceVersion);
      printOne(object);
    },
  });
  watch.start();
  await outputClosed();
  await watch.stop();
}
