import { setTimeout as sleep } from 'node:timers/promises';
import { KubeObjectWatch } from '../adapters/kubernetes/object-watch.ts';
import { API_VERSION } from '../api/constants.ts';
import type { HealingAction } from '../api/healing-action.ts';
import { createLogger } from '../telemetry/logger.ts';
import { rowOf, HEADINGS, type Columns, type Filter, isWanted } from './action-rows.ts';
import { openCluster, type Cluster } from './cluster.ts';
import type { ClusterOptions } from './commands/cluster-options.ts';
import { paintFor } from './output/paint.ts';
import { print, printData, tell } from './output/print.ts';
import { tableLines, type Row } from './output/table.ts';

export interface ActionsOptions extends ClusterOptions, Filter {
  readonly output?: 'wide' | 'json' | 'yaml' | 'name';
  readonly watch?: true;
}

/** `kubeskippy actions`. */
export async function actions(options: ActionsOptions): Promise<void> {
  const cluster = openCluster(options);
  const { output } = options;
  const found = (await cluster.list()).filter((action) => isWanted(action, options)).sort(byAge);
  if (output === 'json' || output === 'yaml') {
    printData({ apiVersion: 'v1', kind: 'List', items: found }, output);
    return;
  }
  if (output === 'name') {
    for (const { metadata } of found) print(`healingaction.kubeskippy.io/${metadata.name}`);
    return;
  }
  const columns = { wide: output === 'wide', namespaces: cluster.namespace === undefined };
  const now = new Date();
  const rows = [HEADINGS(columns), ...found.map((action) => rowOf(action, columns, now))];
  if (found.length > 0) print(tableLines(rows, paintFor(process.stdout)).join('\n'));
  else if (options.watch !== true)
    tell(`no HealingActions${cluster.namespace === undefined ? '' : ` in namespace ${cluster.namespace}`}`);
  if (options.watch === true) await follow(cluster, options, found, rows, columns);
}

const byAge = (a: HealingAction, b: HealingAction): number =>
  (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
  a.metadata.name.localeCompare(b.metadata.name);

/** One line per change from now on, until Ctrl-C. */
async function follow(
  cluster: Cluster,
  filter: Filter,
  shown: readonly HealingAction[],
  rows: readonly Row[],
  columns: Columns,
): Promise<void> {
  const known = new Map(shown.map(({ metadata }) => [metadata.uid, metadata.resourceVersion]));
  const watches = new KubeObjectWatch({ client: cluster.client, logger: createLogger('kubeskippy', 'silent') });
  const paint = paintFor(process.stdout);
  // What has been printed gives the columns their width; at first it is guessed.
  const printed = [...rows];
  if (shown.length === 0) {
    printed.push([
      ...(columns.namespaces ? ['x'.repeat(12)] : []),
      ...[28, 10, 18, 7, 24].map((width) => 'x'.repeat(width)),
    ]);
    print(tableLines(printed, paint)[0] ?? '');
  }
  watches
    .watch<HealingAction>({
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
        const row = rowOf(object, columns, new Date());
        print(tableLines([...printed, row], paint).at(-1) ?? '');
      },
    })
    .start();
  await sleep(2 ** 31 - 1);
}
