import type { KubeClient } from '../../adapters/kubernetes/kube-client.ts';
import { KubeObjectWatch } from '../../adapters/kubernetes/object-watch.ts';
import type { HealingAction } from '../../api/healing-action.ts';
import type { HealingPolicy } from '../../api/healing-policy.ts';
import type { KubeObject } from '../../api/meta.ts';
import type { Deployment } from '../../api/workloads.ts';
import type { ObjectWatch } from '../../ports/object-watch.ts';
import { createLogger } from '../../telemetry/logger.ts';
import { DEMO_NAMESPACE } from './scenario.ts';

/** A Kubernetes Event as far as it is shown. */
export interface ClusterEvent extends KubeObject {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly involvedObject: { readonly kind?: string; readonly name?: string };
}

export interface ClusterObserver {
  action(action: HealingAction): void;
  policy(policy: HealingPolicy): void;
  deployment(deployment: Deployment): void;
  deploymentGone(name: string): void;
  /** New, or seen once more. */
  event(event: ClusterEvent): void;
}

/** What a person would follow with `kubectl get -w` in the demo's namespace; it survives whatever happens to the API server. */
export function watchCluster(client: KubeClient, observer: ClusterObserver): { stop(): Promise<void> } {
  const watches = new KubeObjectWatch({ client, logger: createLogger('demo', 'silent') });
  const follow = <T extends KubeObject>(
    apiVersion: string,
    kind: string,
    changed: (object: T) => void,
    gone: (name: string) => void = () => undefined,
  ): ObjectWatch<T> =>
    watches.watch<T>({
      scope: { apiVersion, kind, namespace: DEMO_NAMESPACE },
      project: (raw) => raw as T,
      onChange: (change) => {
        if (change.type === 'deleted') gone(change.object.metadata.name);
        else changed(change.object);
      },
    });
  const all = [
    follow<HealingAction>('kubeskippy.io/v1alpha1', 'HealingAction', (action) => {
      observer.action(action);
    }),
    follow<HealingPolicy>('kubeskippy.io/v1alpha1', 'HealingPolicy', (policy) => {
      observer.policy(policy);
    }),
    follow<Deployment>(
      'apps/v1',
      'Deployment',
      (deployment) => {
        observer.deployment(deployment);
      },
      (name) => {
        observer.deploymentGone(name);
      },
    ),
    follow<ClusterEvent>('v1', 'Event', (event) => {
      observer.event(event);
    }),
  ];
  for (const watch of all) watch.start();
  return {
    stop: async () => {
      await Promise.all(all.map((watch) => watch.stop()));
    },
  };
}
