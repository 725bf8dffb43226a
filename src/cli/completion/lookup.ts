import { resources } from '../../adapters/kubernetes/resource.ts';
import type { HealingAction } from '../../api/healing-action.ts';
import type { KubeObject } from '../../api/meta.ts';
import { isTerminal } from '../../domain/outcome.ts';
import { phaseOf, waitsFor } from '../action-rows.ts';
import { openCluster } from '../cluster.ts';
import type { Candidate, Completion, Lookup } from './candidates.ts';

/** Longer than this nobody waits for a Tab. */
const TIMEOUT_MS = 1_500;

/** To which actions a command can be applied at all. */
const FITTING: Readonly<Record<string, (action: HealingAction) => boolean>> = {
  approve: (action) => waitsFor(action) === 'approval',
  reject: (action) => waitsFor(action) === 'approval',
  operate: (action) => waitsFor(action)?.endsWith('operator') === true,
  retry: ({ status }) => isTerminal(status?.conditions),
};

/** Nothing when the cluster does not answer in time: a completion never complains. */
export async function lookUp(lookup: Lookup, typed: Completion['typed']): Promise<readonly Candidate[]> {
  try {
    const { namespace, kubeconfig, context, config } = typed;
    const cluster = openCluster(
      {
        ...(namespace === undefined ? {} : { namespace }),
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(context === undefined ? {} : { context }),
        ...(config === undefined ? {} : { config }),
      },
      TIMEOUT_MS,
    );
    if (lookup.lookup === 'namespaces') {
      const { items } = await cluster.client.list<KubeObject>(resources.namespaces, {}, { timeoutMs: TIMEOUT_MS });
      return items.map(({ metadata }) => ({ value: metadata.name }));
    }
    const fits = FITTING[lookup.command] ?? (() => true);
    return (await cluster.list()).filter(fits).map((action) => ({
      value: action.metadata.name,
      description: `${phaseOf(action)} ${action.status?.reason ?? ''}`.trim(),
    }));
  } catch {
    return [];
  }
}
