import { loadKubeClient } from '../../workers/kube.ts';
import type { KubeClient } from '../adapters/kubernetes/kube-client.ts';
import { KubeError, messageOf } from '../adapters/kubernetes/kube-error.ts';
import { resources } from '../adapters/kubernetes/resource.ts';
import type { HealingAction } from '../api/healing-action.ts';
import type { Config } from '../config/config.ts';
import type { ClusterOptions } from './commands/cluster-options.ts';
import { CommandFailure, EXIT } from './exit.ts';
import { settingsFor } from './settings.ts';
import { withoutType } from './type-and-name.ts';

/** A HealingAction where it lies. */
export interface ActionName {
  readonly namespace: string;
  readonly name: string;
}

/** The API server as a command sees it: every failure is a {@link CommandFailure} that says what to do. */
export interface Cluster {
  readonly client: KubeClient;
  /** Where a command looks; undefined for all namespaces. */
  readonly namespace: string | undefined;
  /** Of the action that is called so, here. */
  named(name: string): ActionName;
  read(at: ActionName): Promise<HealingAction>;
  list(labelSelector?: string): Promise<readonly HealingAction[]>;
  /** One call, whose failure is explained; `what` completes "cannot …". */
  call<T>(what: string, make: (client: KubeClient) => Promise<T>): Promise<T>;
}

export function openCluster(options: ClusterOptions, timeoutMs?: number): Cluster {
  const client = connect(settingsFor(options));
  const bounded = timeoutMs === undefined ? {} : { timeoutMs };
  const { kubeConfig } = client;
  const current = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  const namespace = options.allNamespaces === true ? undefined : (options.namespace ?? current?.namespace ?? 'default');

  const call = async <T>(what: string, make: (client: KubeClient) => Promise<T>): Promise<T> => {
    try {
      return await make(client);
    } catch (error) {
      throw explained(error, what, client.server);
    }
  };
  return {
    client,
    namespace,
    call,
    named: (name) => ({ namespace: namespace ?? 'default', name: withoutType(name) }),
    read: (at) =>
      call(`read HealingAction ${at.namespace}/${at.name}`, async () => {
        const found = await client.find<HealingAction>(resources.healingActions, at, bounded);
        if (found === undefined) throw await notFound(client, at);
        return found;
      }),
    list: (labelSelector) =>
      call('list HealingActions', async () => {
        const { items } = await client.list<HealingAction>(
          resources.healingActions,
          {
            ...(namespace === undefined ? {} : { namespace }),
            ...(labelSelector === undefined ? {} : { labelSelector }),
          },
          bounded,
        );
        return items;
      }),
  };
}

function connect(settings: Pick<Config, 'kubernetes'>): KubeClient {
  const { context } = settings.kubernetes;
  try {
    return loadKubeClient(settings);
  } catch (error) {
    const said = messageOf(error);
    const why = said.startsWith('ENOENT') ? `there is no such kubeconfig: ${said.replace(/^.*open /, '')}` : said;
    const asked =
      context === undefined ? '' : ` (asked for context ${context}; \`kubectl config get-contexts\` lists them)`;
    throw new CommandFailure(EXIT.unreachable, why + asked, { cause: error });
  }
}

/** Perhaps only the namespace is wrong. */
async function notFound(client: KubeClient, { namespace, name }: ActionName): Promise<CommandFailure> {
  const elsewhere = await client
    .list<HealingAction>(resources.healingActions, { fieldSelector: `metadata.name=${name}` })
    .then(({ items }) => items.map(({ metadata }) => metadata.namespace ?? ''))
    .catch(() => []);
  const hint =
    elsewhere.length === 0
      ? '`actions -A` lists all there are'
      : `there is one in namespace ${elsewhere.join(', ')} (-n)`;
  return new CommandFailure(EXIT.notFound, `there is no HealingAction ${namespace}/${name}: ${hint}`);
}

/** What a failed request means to whoever typed the command. */
function explained(error: unknown, what: string, server: string): unknown {
  if (error instanceof TypeError) return new CommandFailure(EXIT.usage, error.message, { cause: error });
  if (!(error instanceof KubeError)) return error;
  const options = { cause: error };
  const said = error.message.replace(/^[A-Z]+ \S+: /, '').trim();
  if (error.status === 0)
    return new CommandFailure(
      EXIT.unreachable,
      `cannot ${what}: the API server at ${server} does not answer (${said}). ` +
        'Is it running, and is it the right one? Choose another with --kubeconfig, --context or KUBECONFIG',
      options,
    );
  if (error.status >= 500 || error.status === 429)
    return new CommandFailure(EXIT.unreachable, `cannot ${what}: the API server at ${server} says: ${said}`, options);
  if (error.status === 401)
    return new CommandFailure(
      EXIT.failed,
      `cannot ${what}: the API server at ${server} does not accept your credentials; log in again, or choose another context`,
      options,
    );
  if (error.status === 404 && error.reason === 'HTTP404')
    return new CommandFailure(
      EXIT.notFound,
      `cannot ${what}: the API server at ${server} does not know HealingActions. ` +
        'KubeSkippy is not installed there: kubectl apply --server-side -f crds/',
      options,
    );
  return new CommandFailure(EXIT.failed, `cannot ${what}: ${said}`, options);
}
