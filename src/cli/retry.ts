import { isKubeError } from '../adapters/kubernetes/kube-error.ts';
import { resources } from '../adapters/kubernetes/resource.ts';
import type { HealingAction } from '../api/healing-action.ts';
import { retryOf } from '../domain/retry-of.ts';
import { openCluster } from './cluster.ts';
import type { ClusterOptions } from './commands/cluster-options.ts';
import { CommandFailure, EXIT } from './exit.ts';
import { invokedAs } from './invocation.ts';
import { print, printData, type DataFormat } from './output/print.ts';
import { whoami } from './whoami.ts';

export interface RetryOptions extends ClusterOptions {
  /** Shows what would be created. */
  readonly dryRun?: true;
  readonly output?: DataFormat;
}

/** `kubeskippy retry NAME`: a new HealingAction that tries what a finished one has tried. Ordered twice, it is made once. */
export async function retry(name: string, options: RetryOptions): Promise<void> {
  const cluster = openCluster(options);
  const earlier = await cluster.read(cluster.named(name));
  const again = retryOf(earlier, new Date());
  if (again.result === 'refused') throw new CommandFailure(EXIT.failed, again.message);
  const { manifest } = again;
  const { namespace, name: newName } = manifest.metadata;
  const full = `HealingAction ${namespace}/${newName}`;
  const created = await cluster.call(`create ${full}`, async (client) => {
    const requestedBy = await whoami(client);
    const spec = { ...manifest.spec, ...(requestedBy === undefined ? {} : { requestedBy }) };
    try {
      return await client.create<HealingAction>(
        resources.healingActions,
        { namespace },
        { ...manifest, spec },
        {
          dryRun: options.dryRun === true,
        },
      );
    } catch (error) {
      if (!isKubeError(error, 'AlreadyExists')) throw error;
      return undefined;
    }
  });
  if (created === undefined) {
    print(`${full} tries it again already: ${invokedAs()} explain ${newName} -n ${namespace}`);
    return;
  }
  if (options.output !== undefined) {
    printData(created, options.output);
    return;
  }
  print(
    options.dryRun === true
      ? `${full} would be created; the API server would accept it`
      : `${full} is created: ${invokedAs()} explain ${newName} -n ${namespace}`,
  );
}
