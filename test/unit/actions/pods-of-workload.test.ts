import { describe, expect, test } from '@jest/globals';
import { readPods } from '../../../src/actions/pods-of-workload.ts';
import type { KubeObject } from '../../../src/api/meta.ts';
import type { Workload } from '../../../src/domain/health.ts';
import type { ClusterReader, Preview } from '../../../src/ports/cluster.ts';
import { object } from '../../support/objects.ts';

const workload: Workload = {
  ...object('StatefulSet', 'cart', { resourceVersion: '7' }),
  spec: { selector: { matchLabels: { app: 'cart' } }, template: { spec: { containers: [] } } },
};
const pod = (index: number, labels: Record<string, string> = {}): KubeObject =>
  object('Pod', `cart-${index}`, { owner: workload, labels });

/** An API server whose quick lists are behind what it holds. */
class Lagging implements ClusterReader {
  readonly asked: string[] = [];
  readonly listed: readonly KubeObject[];
  readonly held: readonly KubeObject[];

  constructor(listed: readonly KubeObject[], held: readonly KubeObject[]) {
    this.listed = listed;
    this.held = held;
  }

  list<T extends KubeObject>({ kind, notOlderThan }: Parameters<ClusterReader['list']>[0]): Promise<readonly T[]> {
    this.asked.push(`list ${kind}${notOlderThan === undefined ? '' : ` since ${notOlderThan}`}`);
    return Promise.resolve((notOlderThan === undefined ? this.held : this.listed) as readonly T[]);
  }

  get<T extends KubeObject>({ kind, name }: Parameters<ClusterReader['get']>[0]): Promise<T | undefined> {
    this.asked.push(`get ${kind} ${name}`);
    return Promise.resolve(this.held.find(({ metadata }) => metadata.name === name) as T | undefined);
  }

  preview(): Promise<Preview> {
    throw new Error('nothing is previewed here');
  }
}

const read = (cluster: Lagging) => readPods(cluster, workload);

describe('the pods of a workload before its effect', () => {
  test('are read by name where they are few, so that a lagging list hides no mark on them', async () => {
    const marked = pod(1, { 'kubeskippy.io/protected': 'true' });
    const cluster = new Lagging([pod(0), pod(1)], [pod(0), marked]);
    expect(await read(cluster)).toEqual([pod(0), marked]);
    expect(cluster.asked).toEqual(['list Pod since 7', 'get Pod cart-0', 'get Pod cart-1']);
  });

  test('are without those that went meanwhile', async () => {
    expect(await read(new Lagging([pod(0), pod(1)], [pod(1)]))).toEqual([pod(1)]);
  });

  test('are listed as new as can be where they are many', async () => {
    const many = Array.from({ length: 11 }, (_, index) => pod(index));
    const cluster = new Lagging(many, [...many, pod(11)]);
    expect(await read(cluster)).toHaveLength(12);
    expect(cluster.asked).toEqual(['list Pod since 7', 'list Pod']);
  });
});
