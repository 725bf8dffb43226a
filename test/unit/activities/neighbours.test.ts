import { beforeEach, expect, test } from '@jest/globals';
import { neighboursBefore } from '../../../activities/neighbours.ts';
import type { TargetRef } from '../../../src/domain/target-ref.ts';
import type { ClusterPort } from '../../../src/ports/cluster.ts';
import { MemoryWorld } from '../../support/memory-world.ts';

let world: MemoryWorld;
let lists: Map<string, string | undefined>;
let gets: string[];

beforeEach(() => {
  world = new MemoryWorld();
  world.deploy('cart');
  world.createWorkload('StatefulSet', 'db');
  lists = new Map();
  gets = [];
  const get = world.cluster.get.bind(world.cluster);
  const list = world.cluster.list.bind(world.cluster);
  Object.assign(world.cluster, {
    get: (ref: Parameters<ClusterPort['get']>[0]) => {
      gets.push(ref.name);
      return get(ref);
    },
    list: (of: Parameters<ClusterPort['list']>[0], labels?: string) => {
      lists.set(of.kind, of.notOlderThan);
      return list(of, labels);
    },
  });
});

const cart = (): TargetRef => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  namespace: 'shop',
  name: 'cart',
  uid: world.deployment('cart').metadata.uid,
});

async function lookAround(kinds: readonly string[], subject = cart()) {
  const resources = kinds.map((kind) => ({ apiVersion: 'apps/v1', kind }));
  return neighboursBefore(world.cluster, world.policy({ selector: { resources } }), subject);
}

test('of its own kind are no older than the subject, of others as new as can be', async () => {
  expect(await lookAround(['Deployment', 'StatefulSet'])).toMatchObject({ others: 1, well: ['StatefulSet/db'] });
  expect(lists).toEqual(
    new Map([
      ['Deployment', world.deployment('cart').metadata.resourceVersion],
      ['StatefulSet', undefined],
    ]),
  );
});

test('of a kind that is not looked at need no look at the subject', async () => {
  expect(await lookAround(['StatefulSet'])).toMatchObject({ others: 1 });
  expect(lists).toEqual(new Map([['StatefulSet', undefined]]));
  expect(gets).toEqual([]);
});

test('of a subject that is gone are as new as can be', async () => {
  expect(await lookAround(['Deployment'], { ...cart(), name: 'gone', uid: 'gone' })).toMatchObject({ others: 1 });
  expect(lists).toEqual(new Map([['Deployment', undefined]]));
});
