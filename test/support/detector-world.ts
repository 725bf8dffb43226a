import type { HealingPolicy } from '../../src/api/healing-policy.ts';
import type { KubeObject } from '../../src/api/meta.ts';
import type { ContainerStatus, Pod } from '../../src/api/workloads.ts';
import { Detector } from '../../src/detector/detector.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { ManualClock, turn } from './manual-clock.ts';
import { MemoryCluster } from './memory-cluster.ts';
import { object, uidOf } from './objects.ts';
import { container, ms, podOf, running, terminated } from './pods.ts';
import { RecordingObserver } from './recording-observer.ts';

export const PODS = { apiVersion: 'v1', kind: 'Pod' };
export const DEPLOYMENTS = { apiVersion: 'apps/v1', kind: 'Deployment' };

/** A policy of namespace shop; unless told otherwise it looks for crash loops of any Pod, at once. */
export const policy = (
  name: string,
  spec: Partial<HealingPolicy['spec']> = {},
  meta: Partial<HealingPolicy['metadata']> = {},
): HealingPolicy => ({
  apiVersion: 'kubeskippy.io/v1alpha1',
  kind: 'HealingPolicy',
  metadata: { name, namespace: 'shop', uid: uidOf('hp', name), resourceVersion: '1', generation: 1, ...meta },
  spec: {
    selector: {},
    triggers: [{ name: 'crash', type: 'condition', conditionTrigger: { type: 'CrashLoopBackOff', duration: '0s' } }],
    actions: [{ type: 'restart' }],
    ...spec,
  },
});

export const deployment = object('Deployment', 'web', { labels: { app: 'web' } });
export const replicaSet = object('ReplicaSet', 'web-1', { owner: deployment, labels: { app: 'web' } });
/** A Pod of {@link replicaSet} unless `owner` says otherwise. */
export const pod = (name: string, status: ContainerStatus, rest: Partial<NonNullable<Pod['status']>> = {}): Pod =>
  podOf([status], rest, { name, uid: uidOf('Pod', name), owner: replicaSet, labels: { app: 'web' } });
export const healthy = container(0, running(0));
export const crashed = container(1, terminated(5, 8), terminated(1, 4));

/** A detector in a world without servers, ten seconds after the epoch of the test objects. */
export class DetectorWorld {
  readonly clock = new ManualClock(ms(10));
  readonly cluster = new MemoryCluster();
  readonly observer = new RecordingObserver();
  readonly detector = new Detector({
    watches: this.cluster,
    observer: this.observer,
    clock: this.clock,
    logger: createLogger('test', 'silent'),
  });

  async start(...objects: readonly KubeObject[]): Promise<void> {
    for (const each of objects) this.cluster.put(each);
    this.detector.start();
    await turn();
  }

  async put(...objects: readonly KubeObject[]): Promise<void> {
    for (const each of objects) this.cluster.put(each);
    await turn();
  }

  async delete(kind: string, name: string): Promise<void> {
    this.cluster.delete(uidOf(kind, name));
    await turn();
  }

  /** What the last observation says, as `trigger Kind name`. */
  get fired(): string[] {
    return this.observer.last?.firing.map(({ trigger, subject }) => `${trigger} ${subject.kind} ${subject.name}`) ?? [];
  }
}
